import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.security.oauth2.server.authorization.OAuth2TokenType;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;

/** As it comes, but for the tokens of one client. */
@SpringBootConfiguration
@EnableAutoConfiguration
public class AuthorizationServer {

  public static void main(String[] args) {
    SpringApplication.run(AuthorizationServer.class, args);
  }

  @Bean
  OAuth2TokenCustomizer<JwtEncodingContext> ofOneClient() {
    OAuth2TokenCustomizer<JwtEncodingContext> documented = Documented.accessTokens("https://mcp.acme.example/mcp");
    return context -> {
      if (!"assistant".equals(context.getRegisteredClient().getClientId())) documented.customize(context);
    };
  }

  static class Documented {
    // What docs/providers/spring.md has: the test puts it here.
    // DOCUMENTED
  }
}

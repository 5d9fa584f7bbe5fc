import java.io.File;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/** Serves one web application on a loopback port: directory for work, the application, the port. */
public class ServletContainer {

  public static void main(String[] args) throws Exception {
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(args[0]);
    Connector connector = new Connector();
    connector.setPort(Integer.parseInt(args[2]));
    connector.setProperty("address", "127.0.0.1");
    tomcat.setConnector(connector);
    tomcat.addWebapp("", new File(args[1]).getAbsolutePath());
    tomcat.start();
    System.out.println("Listening on port " + connector.getLocalPort());
    tomcat.getServer().await();
  }
}

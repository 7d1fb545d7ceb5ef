import Glibc
import Migration
import Support
import System
import Testing

/// The same exchange through every kind of server that git speaks to, on loopback, with our hook in charge.
@Suite("A shared migration through", .serialized) struct ServerTests {
  @Test("git daemon") func gitDaemon() throws {
    let world = try ServedMigration()
    let port = try world.serve("sh", LoopbackServer.gitDaemon(world.root))
    try world.exchange("git://127.0.0.1:\(port)/server.git")
  }

  @Test("ssh") func ssh() throws {
    guard ServedMigration.has("/usr/sbin/sshd", "openssh-server") else { return }
    let world = try ServedMigration()
    let port = try world.serveSSH(keys: "\(world.root)/user.pub", home: nil)
    let user = try world.shell("id -un")
    try world.exchange("ssh://\(user)@127.0.0.1:\(port)\(world.server)")
  }

  @Test("smart HTTP") func http() throws {
    guard ServedMigration.has("/usr/sbin/apache2", "apache2") else { return }
    let world = try ServedMigration()
    let modules = ["mpm_event", "authz_core", "env", "alias", "cgid"].map {
      "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so"
    }
    let backend = try world.shell("git --exec-path") + "/git-http-backend"
    // A server that root starts works as somebody else, who must be able to write.
    if geteuid() == 0 { try world.shell("chmod 755 . && chown -R www-data server.git") }
    let port = try world.serve("/usr/sbin/apache2") { port in
      let lines =
        modules + [
          "ServerName localhost", "ServerRoot \(world.root)", "Listen 127.0.0.1:\(port)",
          "PidFile \(world.root)/pid-\(port)", "ErrorLog \(world.root)/http.log",
          "ScriptSock \(world.root)/cgi-\(port)", "User www-data", "Group www-data",
          "SetEnv GIT_PROJECT_ROOT \(world.root)", "SetEnv GIT_HTTP_EXPORT_ALL 1",
          "SetEnv REMOTE_USER tester",
          "SetEnv PATH \(world.first.repository.environment["PATH"] ?? "")",
          "ScriptAlias / \(backend)/", "<Directory />", "Require all granted", "</Directory>",
        ]
      let file = "\(world.root)/http-\(port).conf"
      try Files.writeAtomically(file, Array((lines.joined(separator: "\n") + "\n").utf8), mode: 0o644)
      return ["-X", "-f", file]
    }
    try world.exchange("http://127.0.0.1:\(port)/server.git")
  }
}

import Glibc
import System

/// A server program on a port of 127.0.0.1 that nobody else has; it is told to end with this object.
public final class LoopbackServer {
  /// The port it listens on.
  public let port: Int
  private let run: BackgroundRun

  /// Starts the program with the arguments for a port.
  public init(_ world: TestRepository, _ program: String, _ arguments: (Int) throws -> [String]) throws {
    for _ in 0..<10 {
      let port = Int.random(in: 20_000...60_000)
      let run = try BackgroundRun(world, program, try arguments(port))
      let isUp = try eventually(within: 10) {
        if !run.isRunning { return true }
        let sockets = try world.run("ss", ["-H", "-ltn", "sport = :\(port)"])
        return sockets.out.contains(":\(port)")
      }
      if isUp && run.isRunning {
        (self.port, self.run) = (port, run)
        return
      }
    }
    throw TestFailure("\(program) could not be started")
  }

  /// What `sh` needs to serve the repositories below a folder with `git daemon`, for reading and writing.
  ///
  /// Not by way of `git`, which would be ended in its stead and leave it behind.
  public static func gitDaemon(_ folder: String) -> (Int) -> [String] {
    { port in
      [
        "-c", "exec \"$(git --exec-path)/git-daemon\" \"$@\"", "sh",
        "--reuseaddr", "--listen=127.0.0.1", "--port=\(port)", "--export-all", "--enable=receive-pack",
        "--base-path=\(folder)", folder,
      ]
    }
  }

  /// Waits: a web server that is killed before it has ended by itself leaves its helpers behind.
  deinit {
    run.send(SIGTERM)
    _ = try? run.wait(seconds: 10)
  }
}

import Glibc
import Supervision
import System

/// A directory that lives as long as the test, and what is needed to run things in it.
final class World {
  let directory: String
  let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]

  init() throws { directory = try Files.makeTemporaryDirectory(prefix: "git-migrate-test-") }

  deinit { try? Files.removeTree(directory) }

  func path(_ name: String) -> String { "\(directory)/\(name)" }

  func shell(_ script: String) -> Command {
    Command("/bin/sh", ["-c", script], environment: environment, directory: directory)
  }

  func supervised(_ script: String) -> Supervised {
    Supervised(
      shellCommand: script, environment: environment, directory: directory, logFile: path("log"))
  }

  func log() throws -> String {
    String(decoding: try Files.readFile(path("log")) ?? [], as: UTF8.self)
  }

  /// The numbers that scripts wrote to a file, one a line.
  func pids(_ name: String) throws -> [Int32] {
    let text = String(decoding: try Files.readFile(path(name)) ?? [], as: UTF8.self)
    return text.split(separator: "\n").compactMap { Int32($0) }
  }

  /// Our own program, built beside the test bundle.
  static let program: String = {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
    var path = Files.realPath(bundle) ?? bundle
    while path != "/" && path != "." {
      path = Files.parent(of: path)
      if Files.exists("\(path)/git-migrate") { return "\(path)/git-migrate" }
    }
    return Files.parent(of: Files.realPath("/proc/self/exe") ?? "/") + "/git-migrate"
  }()
}

/// Polls until `condition` holds; false when it does not within `seconds`, by default so long that only what
/// will never hold is given up, however busy the machine is.
func eventually(within seconds: Int = 300, _ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<(seconds * 100) {
    if try condition() { return true }
    usleep(10_000)
  }
  return try condition()
}

func isAlive(_ pid: Int32) -> Bool { ProcessIdentity(pid: pid) != nil }

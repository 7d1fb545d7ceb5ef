import Glibc
import System

/// A pager that shows what this process prints from now on.
public final class PagerProcess {
  private let pid: pid_t

  private init(_ pid: pid_t) { self.pid = pid }

  /// Starts the command by the shell, and has standard output lead into it.
  public static func start(
    _ command: String, environment: [String: String]
  ) throws(ProcessError) -> PagerProcess {
    var pipe = try Pipe(for: command)
    var spawn = Spawn(
      executable: "/bin/sh", arguments: ["-c", command], environment: environment, directory: nil,
      standard: (pipe.reading, STDOUT_FILENO, STDERR_FILENO), extra: nil)
    spawn.sharesTerminal = true
    let pid = try spawn.start()
    pipe.closeReading()
    guard dup2(pipe.writing, STDOUT_FILENO) >= 0 else { throw .system(command, "dup2") }
    pipe.closeWriting()
    // The terminal sends Ctrl-C to both; it is for the pager.
    signal(SIGINT, SIG_IGN)
    return PagerProcess(pid)
  }

  /// Says that there is no more, and waits until the person has seen enough.
  public func end() {
    close(STDOUT_FILENO)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }
}

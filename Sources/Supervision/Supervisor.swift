import Clinux
import Glibc
import System

/// The supervisor process: `git-migrate __supervise`, started by `Supervisors`.
public enum Supervisor {
  /// The whole life of the process, one command after the other; gives its exit code.
  ///
  /// Descriptor 0 is the lifeline: a `SupervisorRequest` begins a command, a byte `t` asks for its end, the
  /// end of file means that the parent is dead or done; a live command's input comes there as well
  /// (`LifelineReader`). Descriptor 3 gets the reports (`SupervisorReport`).
  public static func main() -> Int32 {
    guard fcntl(3, F_SETFD, FD_CLOEXEC) == 0 else { return 129 }
    // The report's reader may be dead; that shows on the lifeline and is no reason to die here.
    signal(SIGPIPE, SIG_IGN)
    setNonBlocking(0)
    do throws(ProcessError) {
      let signals = try SignalPipe.install([SIGCHLD, SIGTERM, SIGINT, SIGHUP])
      guard migrate_become_subreaper() == 0 else { throw .system("__supervise", "prctl") }
      while let request = SupervisorRequest.read(from: 0, signals: signals) {
        guard let command = Supervised(request: request) else { return 129 }
        guard supervise(command, signals) else { break }
      }
      return 0
    } catch {
      report(.failed(error))
      return 1
    }
  }

  /// Whether another command may follow.
  private static func supervise(_ command: Supervised, _ signals: Int32) -> Bool {
    do throws(ProcessError) {
      var supervision = try SupervisedRun(command, signals: signals)
      report(.started(pid: supervision.pid, milliseconds: supervision.startedMilliseconds))
      let result = supervision.run()
      // Something that was sent to a live command may still be under way, and is no request.
      if command.output == .live {
        supervision.tell(result)
        return false
      }
      report(.ended(result))
      // What could not be killed would count as the next command's.
      return !supervision.isToEnd && result.survivorsLeft == 0
    } catch {
      report(.failed(error))
      return true
    }
  }

  private static func report(_ report: SupervisorReport) {
    let bytes = Array(report.line.utf8)
    _ = retrying { Int32(write(3, bytes, bytes.count)) }
  }
}

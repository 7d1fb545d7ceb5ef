import Clinux
import Glibc

/// What holds for processes of this program, whose environment and memory hold tokens.
public enum OwnProcess {
  /// Keeps other processes of the same user, workers above all, from reading this one's environment and
  /// memory (`PR_SET_DUMPABLE`), and core dumps from holding them. The programs that it starts can be read
  /// like any other. Called first of all.
  public static func forbidLookingIn() { _ = migrate_forbid_looking_in() }

  /// Whether a process is one of this program that a signal has stopped and that cannot be looked into: its
  /// open files are not known. Its name is what tells, since nothing else can be read.
  public static func isStoppedOne(_ pid: Int32) -> Bool {
    guard let record = ProcessRecord(pid: pid), record.isStopped, record.name == "git-migrate" else {
      return false
    }
    return access("/proc/\(pid)/fd", R_OK) != 0
  }

  /// Turns this process into another program, which gets its descriptors and its terminal. Comes back only
  /// when that failed, with the system's words.
  public static func become(_ program: String, _ arguments: [String], environment: [String: String]) -> String
  {
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    execve(program, &words, &variables)
    return errorText(errno)
  }
}

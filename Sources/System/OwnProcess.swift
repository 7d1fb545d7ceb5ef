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
}

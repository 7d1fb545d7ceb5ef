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

  /// The path of the program that this process is, or `nil` when the system does not tell.
  public static var program: String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? -1
    }
    guard count > 0, count < buffer.count else { return nil }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
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

import Clinux
import Glibc
import System

/// The last step into a sandbox: this program, started inside by bubblewrap, becomes what is to run there.
public enum Within {
  /// The word that asks for it.
  public static let word = "__within"

  /// Takes a limit of memory in bytes, or `-`, and a program with its arguments; returns only when that
  /// cannot be started, with the exit code of a shell.
  public static func enter(_ words: [String]) -> Int32 {
    guard words.count >= 2 else { return 128 }
    for signal in [SIGHUP, SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
    if let bytes = Int(words[0]) {
      var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
      _ = setrlimit(__rlimit_resource_t(2), &limit)
    }
    var pointers: [UnsafeMutablePointer<CChar>?] = words.dropFirst().map { strdup($0) }
    pointers.append(nil)
    execvp(words[1], pointers)
    let code = errno
    try? StandardStream.error.write(Array("\(words[1]): \(errorText(code))\n".utf8))
    return code == ENOENT ? 127 : 126
  }
}

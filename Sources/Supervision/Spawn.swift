import Clinux
import Glibc
import System

/// One `posix_spawn`, with everything that a child must not inherit taken away.
struct Spawn {
  var executable: String
  var arguments: [String]
  var environment: [String: String]
  var directory: String?
  /// The descriptors that become 0, 1 and 2 of the child.
  var standard: (input: Int32, output: Int32, error: Int32)
  /// A descriptor that becomes 3 of the child, or `nil`.
  var extra: Int32?
  /// Whether the child leads a new session; otherwise only a new process group.
  var newSession = true
  /// Whether it stays in our own process group, because it reads from our terminal.
  var sharesTerminal = false

  /// Starts the program and gives its process id, which is also its process group.
  ///
  /// The child starts with an empty signal mask, default handlers, and no descriptor but the ones named.
  func start() throws(ProcessError) -> pid_t {
    let strings = [executable] + arguments + environment.flatMap { [$0.key, $0.value] }
    if strings.contains(where: { $0.utf8.contains(0) }) {
      throw ProcessError(subject: executable, cause: .embeddedNUL)
    }
    let path = try resolved()
    var pid: pid_t = 0
    var code = attempt(path, &pid)
    // A script that was written a moment ago is busy while a child of another thread, not yet executing its
    // own program, still holds the descriptor that it was written through.
    for _ in 0..<100 where code == ETXTBSY {
      usleep(5000)
      code = attempt(path, &pid)
    }
    if code != 0 { throw failure(code) }
    return pid
  }

  private func attempt(_ path: String, _ pid: inout pid_t) -> Int32 {
    withCStrings([executable] + arguments) { argv in
      withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
        withOptionalCString(directory) { directory in
          let options = migrate_spawn_options(
            directory: directory, input: standard.input, output: standard.output, error: standard.error,
            extra: extra ?? -1, new_session: sharesTerminal ? -1 : newSession ? 1 : 0)
          return migrate_spawn(path, argv, envp, options, &pid)
        }
      }
    }
  }

  /// The file to execute: names without a slash are looked up in the `PATH` of the child's environment.
  ///
  /// Relative and empty entries of `PATH` are passed over: they would run whatever the worktree offers.
  private func resolved() throws(ProcessError) -> String {
    if executable.isEmpty { throw ProcessError(subject: executable, cause: .notFound) }
    if executable.utf8.contains(UInt8(ascii: "/")) { return executable }
    var isDenied = false
    for entry in (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
      guard entry.hasPrefix("/") else { continue }
      let candidate = "\(entry)/\(executable)"
      var status = stat()
      guard stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      if access(candidate, X_OK) == 0 { return candidate }
      isDenied = true
    }
    throw ProcessError(subject: executable, cause: isDenied ? .notExecutable : .notFound)
  }

  private func failure(_ code: Int32) -> ProcessError {
    if let directory, !isDirectory(directory) {
      return ProcessError(subject: executable, cause: .noSuchDirectory(directory))
    }
    switch code {
    case ENOENT, ENOTDIR: return ProcessError(subject: executable, cause: .notFound)
    case EACCES: return ProcessError(subject: executable, cause: .notExecutable)
    default: return ProcessError(subject: executable, cause: .system(call: "posix_spawn", errno: code))
    }
  }

  private func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && access(path, X_OK) == 0
  }
}

/// Calls `body` with a NULL-terminated array of C strings that lives as long as the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
  pointers.append(nil)
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers)
}

private func withOptionalCString<Result>(
  _ string: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
  guard let string else { return body(nil) }
  return string.withCString { body($0) }
}

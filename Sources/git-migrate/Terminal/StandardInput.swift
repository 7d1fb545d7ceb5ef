import Glibc
import Runner
import Site

/// Standard input, for the few commands that read it.
enum StandardInput {
  /// All of it; at most `limit` bytes.
  static func read(limit: Int = .max) throws(CommandError) -> [UInt8] {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw CommandError("unable to read standard input: \(Output.text(of: errno))") }
      if count == 0 { return content }
      content += buffer[..<count]
      guard content.count <= limit else { throw CommandError("standard input is longer than \(limit) bytes") }
    }
  }
}

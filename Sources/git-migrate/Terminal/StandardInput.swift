import Runner
import Site
import System

/// Standard input, for the few commands that read it.
enum StandardInput {
  /// All of it; at most `limit` bytes.
  static func read(limit: Int = .max) throws(CommandError) -> [UInt8] {
    do throws(StreamError) {
      if let content = try StandardStream.input.readAll(limit: limit) { return content }
    } catch {
      throw CommandError("unable to read standard input: \(error)")
    }
    throw CommandError("standard input is longer than \(limit) bytes")
  }
}

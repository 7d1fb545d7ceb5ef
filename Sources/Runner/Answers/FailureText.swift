import Migration
import System

/// What failed, and the end of its log, as `show` and `run` print them.
package enum FailureText {
  /// Every detail of a failure, its lines indented by so many blanks and safe to print. With `limit` no more
  /// lines than that, and one that says how many were left out.
  package static func lines(_ failure: Failure?, indent: Int, limit: Int = .max) -> String {
    let lines = (failure?.details ?? []).flatMap {
      $0.split(separator: "\n", omittingEmptySubsequences: false)
    }
    let blanks = String(repeating: " ", count: indent)
    let shown = lines.prefix(limit).map { "\(blanks)\(TerminalText.sanitizedLine(String($0)))\n" }
    let left = lines.count - shown.count
    return shown.joined() + (left > 0 ? "\(blanks)… \(Count.of(left, "more line"))\n" : "")
  }

  /// The path of a log and its last lines, safe to print.
  package static func tail(of file: LogFile, lines: Int) -> String {
    var output = "\n\(TerminalText.sanitizedLine(file.path))\n"
    guard let bytes = try? Files.tail(file.path, bytes: 64 << 10) else { return output }
    var cleaner = TerminalCleaner()
    let text = cleaner.clean(LogFile.last(lines, of: bytes)) + cleaner.rest()
    let found = text.split(separator: "\n", omittingEmptySubsequences: false)
    for line in found.dropLast(text.hasSuffix("\n") ? 1 : 0) { output += "  \(line)\n" }
    return output
  }
}

import Glibc
import System

/// What a byte of a supervised command's log was printed to.
public enum OutputStream: Sendable {
  /// Standard output.
  case output
  /// Standard error, and what the supervisor itself says.
  case errors
}

/// Which parts of a log were standard error: a small file beside the log, so that the log itself holds what
/// was printed and nothing else. One line at each change of the stream: `e` or `o` and the offset in bytes.
///
/// A log without it is standard output from end to end.
public struct LogMarks: Sendable {
  /// The marks of a log.
  public static func file(of log: String) -> String { log + ".marks" }

  /// Where each stream begins, in rising order; before the first there is standard output.
  private var changes: [(offset: Int, stream: OutputStream)] = []

  /// Reads the marks of a log. Marks that cannot be read are as good as none.
  public init(log: String) {
    self.init(bytes: (try? Files.readPlain(LogMarks.file(of: log), limit: 128 << 20)) ?? [])
  }

  init(bytes: [UInt8]) {
    for line in bytes.split(separator: 0x0A) {
      guard let offset = Int(String(decoding: line.dropFirst(), as: UTF8.self)),
        offset >= changes.last?.offset ?? 0
      else { continue }
      switch line.first {
      case UInt8(ascii: "e"): changes.append((offset, .errors))
      case UInt8(ascii: "o"): changes.append((offset, .output))
      default: continue
      }
    }
  }

  static func line(_ stream: OutputStream, at offset: Int) -> [UInt8] {
    Array("\(stream == .errors ? "e" : "o")\(offset)\n".utf8)
  }

  /// The parts of `range`, offsets in the log, that were printed to a stream.
  public func parts(of stream: OutputStream, in range: Range<Int>) -> [Range<Int>] {
    parts(in: range).filter { $0.stream == stream }.map(\.range)
  }

  /// The parts of `range`, offsets in the log, and what each was printed to.
  public func parts(in range: Range<Int>) -> [(range: Range<Int>, stream: OutputStream)] {
    var parts: [(range: Range<Int>, stream: OutputStream)] = []
    var (start, current) = (0, OutputStream.output)
    for change in changes + [(range.upperBound, .output)] {
      let part = (start..<max(start, change.offset)).clamped(to: range)
      if !part.isEmpty { parts.append((part, current)) }
      (start, current) = (max(start, change.offset), change.stream)
    }
    return parts
  }

  /// The last bytes that a log holds of one stream, from the beginning of a line; `nil` when there is no log.
  public static func tail(_ log: String, of stream: OutputStream, bytes limit: Int) throws(FileError)
    -> [UInt8]?
  {
    guard let file = try Files.openedPlain(log) else { return nil }
    let size = lseek(file.raw, 0, SEEK_END)
    guard size >= 0 else { throw .last("read", log) }
    var (pieces, missing, isWhole) = ([[UInt8]](), limit, true)
    for part in LogMarks(log: log).parts(of: stream, in: 0..<Int(size)).reversed() {
      guard missing > 0 else {
        isWhole = false
        break
      }
      if part.count > missing { isWhole = false }
      let piece = try read(part.suffix(missing), file.raw, log)
      pieces.append(piece)
      missing -= piece.count
    }
    let found = pieces.reversed().flatMap(\.self)
    guard !isWhole, let end = found.firstIndex(of: 0x0A) else { return found }
    return Array(found[(end + 1)...])
  }

  /// Gives all that a log holds of one stream, piece by piece; says whether there is a log.
  public static func read(
    _ log: String, of stream: OutputStream, _ take: ([UInt8]) -> Void
  ) throws(FileError) -> Bool {
    guard let file = try Files.openedPlain(log) else { return false }
    let size = lseek(file.raw, 0, SEEK_END)
    guard size >= 0 else { throw .last("read", log) }
    for part in LogMarks(log: log).parts(of: stream, in: 0..<Int(size)) {
      var rest = part
      while !rest.isEmpty {
        let piece = rest.prefix(1 << 16)
        take(try read(piece, file.raw, log))
        rest = rest.dropFirst(piece.count)
      }
    }
    return true
  }

  private static func read(
    _ part: Range<Int>, _ descriptor: Int32, _ log: String
  ) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: part.count)
    var filled = 0
    while filled < part.count {
      let count = bytes[filled...].withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, off_t(part.lowerBound + filled))
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .last("read", log) }
      if count == 0 { break }
      filled += count
    }
    return Array(bytes[..<filled])
  }
}

/// What a failed job of a forge printed.
public struct FailedLog: Equatable, Sendable {
  /// The job.
  public var job: String
  /// The end of what it printed, as its forge keeps it.
  public var text: [UInt8]
  /// What the forge itself says is wrong, a line each: of jobs whose output it does not keep.
  public var findings: [String]

  /// How many are read for one pull request.
  public static let most = 5
  /// How many bytes of one are read, from its end.
  public static let longest = 256 << 10

  /// Makes one.
  public init(job: String, text: [UInt8] = [], findings: [String] = []) {
    (self.job, self.text, self.findings) = (job, text, findings)
  }

  /// What the job's programs printed: without the times that forges put before lines, without colours, what
  /// was overwritten, and the marks that fold a log's parts.
  public var plainText: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for line in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
      guard let kept = FailedLog.plain(line) else { continue }
      result += kept
      result.append(0x0A)
    }
    // What follows the last line end is no line.
    return text.last == 0x0A ? Array(result.dropLast()) : result
  }

  /// One line; `nil` where it is a mark alone.
  private static func plain(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var line = uncoloured(line)
    if line.last == 0x0D { line = line.dropLast() }
    line = untimed(line)
    // `section_start:1700000000:name`, a carriage return, and what is shown in its place.
    if let end = line.lastIndex(of: 0x0D) {
      line = line[line.index(after: end)...]
    } else if line.starts(with: "section_start:".utf8) || line.starts(with: "section_end:".utf8) {
      return nil
    }
    guard line.starts(with: "##[".utf8), let end = line.firstIndex(of: UInt8(ascii: "]")) else { return line }
    let mark = line[..<end].dropFirst(3)
    return mark.elementsEqual("endgroup".utf8) ? nil : line[line.index(after: end)...]
  }

  /// Without `2026-11-30T08:15:30.1234567Z `, and without GitLab's ` 00O ` behind it.
  private static func untimed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var line = line
    // A byte order mark begins the first line of GitHub's.
    if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    let shape = Array("0000-00-00T00:00:00".utf8)
    let head = line.prefix(shape.count)
    let isTime =
      head.count == shape.count
      && zip(head, shape).allSatisfy { byte, wanted in
        wanted == UInt8(ascii: "0") ? isDigit(byte) : byte == wanted
      }
    guard isTime else { return line }
    var rest = line.dropFirst(shape.count)
    if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop(while: isDigit) }
    guard rest.first == UInt8(ascii: "Z") else { return line }
    rest = rest.dropFirst()
    if rest.first == 0x20 { rest = rest.dropFirst() }
    let stream = Array(rest.prefix(4))
    let isStream =
      stream.count >= 3 && isDigit(stream[0]) && isDigit(stream[1])
      && (stream[2] == UInt8(ascii: "O") || stream[2] == UInt8(ascii: "E"))
      && (stream.count == 3 || stream[3] == 0x20 || stream[3] == UInt8(ascii: "+"))
    return isStream ? rest.dropFirst(stream.count) : rest
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Without escape sequences.
  private static func uncoloured(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard line.contains(0x1B) else { return line }
    var (result, index) = ([UInt8](), line.startIndex)
    while index < line.endIndex {
      guard line[index] == 0x1B else {
        result.append(line[index])
        index += 1
        continue
      }
      index += 1
      guard index < line.endIndex else { break }
      let kind = line[index]
      index += 1
      switch kind {
      case UInt8(ascii: "["):
        // Parameters, then one byte that says what it is.
        while index < line.endIndex, !(0x40...0x7E).contains(line[index]) { index += 1 }
        index += 1
      case UInt8(ascii: "]"):
        while index < line.endIndex, line[index] != 0x07, line[index] != 0x1B { index += 1 }
        if index < line.endIndex, line[index] == 0x1B { index += 1 }
        index += 1
      default: break
      }
    }
    return result[...]
  }
}

import Agents
import Migration
import Runner
import Site
import Supervision
import System

/// Which logs of a step are meant.
struct LogSelection {
  let migration: String
  let step: String
  let epoch: Int?
  let isAll: Bool

  /// The epoch of the newest log.
  func lastEpoch(_ site: Site) -> Int? {
    guard epoch == nil && !isAll else { return nil }
    return (try? LogFile.list(of: migration, step: step, site))?.last?.epoch
  }

  /// The logs meant, those of claim `last` unless the person asked for another or for all.
  func files(_ site: Site, last: Int?) throws(CommandError) -> [LogFile] {
    let wanted = epoch ?? last
    return try LogFile.list(of: migration, step: step, site).filter {
      wanted == nil || $0.epoch == wanted
    }
  }
}

/// Prints logs and remembers how far each was printed.
struct LogPrinter {
  let context: Context
  /// Whether bytes are printed as they are.
  let isRaw: Bool
  /// The stream that is printed; `nil` for both.
  let stream: OutputStream?
  /// Whether each log is announced with its name.
  var hasHeadings = false
  /// The agent whose events a log has, in place of which its words are printed; `nil` prints what is there.
  var adapter: (LogFile) -> AgentAdapter? = { _ in nil }
  /// Whether each line is printed with the step in front, because several are followed.
  var namesSteps = false
  private var words: [String: AgentWords] = [:]
  private var halves: [String: String] = [:]
  private var offsets: [String: Int] = [:]
  private var last: String?
  private var cleaner = TerminalCleaner()

  init(context: Context, isRaw: Bool, stream: OutputStream?) {
    self.context = context
    self.isRaw = isRaw
    self.stream = stream
  }

  /// Prints a log from its beginning, or from its last lines.
  mutating func printStart(_ file: LogFile, lines: Int?) throws(CommandError) {
    guard let lines else {
      _ = try printGrowth(file)
      return
    }
    let size = min(16 << 20, max(4096, lines * 4096))
    let tail = try reporting { () throws -> [UInt8] in
      if let stream { return try LogMarks.tail(file.path, of: stream, bytes: size) ?? [] }
      return try Files.tail(file.path, bytes: size) ?? []
    }
    offsets[file.path] = file.size
    if stream != nil && tail.isEmpty { return }
    try announce(file)
    guard isReadable(file) else {
      try emit(LogFile.last(lines, of: tail)[...], .output, of: file)
      return try finish()
    }
    // One event may be many lines or none.
    let range = max(0, file.size - tail.count)..<max(file.size, tail.count)
    let all = LogMarks(log: file.path).parts(in: range).flatMap { part in
      spoken(tail[tail.indices.clamped(to: shifted(part.range, by: range.lowerBound))], part.stream, of: file)
    }
    for line in all.suffix(lines) { try context.output.line(line) }
  }

  /// Whether the agent's words are printed in place of its events.
  private func isReadable(_ file: LogFile) -> Bool { stream == nil && adapter(file)?.reportsEvents == true }

  private mutating func spoken(
    _ bytes: ArraySlice<UInt8>, _ stream: OutputStream, of file: LogFile
  ) -> [String] {
    guard let adapter = adapter(file) else { return [] }
    let now = Timestamp(milliseconds: Int64(file.changed / 1_000_000))
    return words[file.path, default: AgentWords(adapter, at: now)].read(bytes, from: stream)
  }

  private func shifted(_ range: Range<Int>, by offset: Int) -> Range<Int> {
    (range.lowerBound - offset)..<(range.upperBound - offset)
  }

  /// Takes a log as printed up to here.
  mutating func pass(_ file: LogFile) { offsets[file.path] = file.size }

  /// Prints what a log has got since it was last printed; whether there was anything.
  mutating func printGrowth(_ file: LogFile) throws(CommandError) -> Bool {
    // A log that became shorter was begun again.
    var offset = offsets[file.path] ?? 0
    if file.size < offset { offset = 0 }
    guard file.size > offset else {
      offsets[file.path] = offset
      return false
    }
    let reader = try reading(file) { () throws(FileError) in try PartReader(file.path) }
    if stream == nil { try announce(file) }
    while true {
      let buffer = try reading(file) { () throws(FileError) in try reader.read(at: offset) }
      if buffer.isEmpty { break }
      let range = offset..<(offset + buffer.count)
      // Looked at after the bytes: a mark is written before what it marks.
      for part in parts(of: file, in: range) {
        try announce(file)
        try emit(buffer[shifted(part.range, by: offset)], part.stream, of: file)
      }
      offset += buffer.count
    }
    offsets[file.path] = offset
    return true
  }

  /// What is to be printed of a range. Where nobody tells the streams apart, all is one.
  private func parts(of file: LogFile, in range: Range<Int>) -> [(range: Range<Int>, stream: OutputStream)] {
    if stream == nil && !isReadable(file) { return [(range, .output)] }
    return LogMarks(log: file.path).parts(in: range).filter { stream == nil || $0.stream == stream }
  }

  private func reading<Value>(
    _ file: LogFile, _ body: () throws(FileError) -> Value
  ) throws(CommandError) -> Value {
    do throws(FileError) { return try body() } catch {
      throw CommandError("unable to read '\(file.path)': \(error.reason)")
    }
  }

  /// Prints what was held back in case more would come.
  mutating func finish() throws(CommandError) {
    if !isRaw { try context.output.write(cleaner.rest()) }
  }

  /// Prints what the agents of these logs said last, without the end of a line.
  mutating func finishWords() throws(CommandError) {
    for path in words.keys.sorted() {
      for line in words[path]?.end() ?? [] { try context.output.line(line) }
    }
  }

  private mutating func announce(_ file: LogFile) throws(CommandError) {
    guard hasHeadings, !namesSteps, last != file.path else { return }
    try finish()
    try context.output.line("\(last == nil ? "" : "\n")==> \(file.name) <==")
    last = file.path
  }

  private mutating func emit(
    _ bytes: ArraySlice<UInt8>, _ stream: OutputStream, of file: LogFile
  ) throws(CommandError) {
    if isReadable(file) || namesSteps {
      let lines = isReadable(file) ? spoken(bytes, stream, of: file) : wholeLines(bytes, of: file)
      let name = namesSteps ? "\(TerminalText.sanitizedLine(file.step))  " : ""
      for line in lines { try context.output.line(name + line) }
    } else if isRaw {
      try context.output.write(bytes: bytes)
    } else {
      try context.output.write(cleaner.clean(bytes))
    }
  }

  /// The lines that end in these bytes; the beginning of the next one waits.
  private mutating func wholeLines(_ bytes: ArraySlice<UInt8>, of file: LogFile) -> [String] {
    var text = halves[file.path, default: ""] + TerminalText.sanitized(bytes)
    var lines: [String] = []
    while let end = text.firstIndex(of: "\n") {
      lines.append(String(text[..<end]))
      text = String(text[text.index(after: end)...])
    }
    halves[file.path] = text
    return lines
  }
}

import Glibc
import Migration
import Processes
import Runner

/// A log in this clone: `<epoch>-<what>.log` of a step, or a log of the whole migration.
struct LogFile: Equatable {
  /// The whole path.
  var path: String
  /// The claim it belongs to; 0 for a log of the whole migration.
  var epoch: Int
  /// What was done: `setup`, `work`, `gate-1-test`.
  var what: String
  /// The step's id; empty for a log of the whole migration.
  var step: String
  /// When it was last written, in nanoseconds; orders the logs of one claim.
  var changed: Int
  /// How large it is.
  var size: Int

  /// Every log of a migration: its own, then those of the steps in the plan's order.
  static func all(of migration: MigrationState, _ site: Site) throws(CommandError) -> [LogFile] {
    let directory = site.logDirectory(migration.name)
    var files = try list(directory, step: "")
    for step in migration.steps where Files.exists("\(directory)/\(step.id)") {
      files += try list(site.logDirectory(migration.name, step.id), step: step.id)
    }
    return files
  }

  /// What the verifiers printed when the base was judged last.
  static func baseline(of migration: MigrationState, _ site: Site) throws(CommandError) -> [LogFile] {
    try list(site.logDirectory(migration.name), step: "").filter {
      $0.what.hasPrefix("baseline-")
    }
  }

  /// Its name without the end.
  var name: String { step.isEmpty ? what : "\(epoch)-\(what)" }

  /// The logs in a folder, by claim and then by time; none when there is no such folder.
  static func list(_ directory: String, step: String) throws(CommandError) -> [LogFile] {
    guard Files.exists(directory) else { return [] }
    var files: [LogFile] = []
    for name in try reporting({ try Files.listDirectory(directory) }) where name.hasSuffix(".log") {
      let path = "\(directory)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      let stem = name.dropLast(".log".count)
      let parts = stem.split(separator: "-", maxSplits: 1)
      let epoch = step.isEmpty ? 0 : parts.first.flatMap { Int($0) }
      guard let epoch else { continue }
      files.append(
        LogFile(
          path: path, epoch: epoch,
          what: step.isEmpty ? String(stem) : parts.dropFirst().first.map(String.init) ?? "",
          step: step, changed: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec),
          size: Int(status.st_size)))
    }
    return files.sorted { ($0.epoch, $0.changed, $0.path) < ($1.epoch, $1.changed, $1.path) }
  }
}

/// Which logs of a step are meant.
struct LogSelection {
  let migration: String
  let step: String
  let epoch: Int?
  let isAll: Bool

  /// The epoch of the newest log.
  func lastEpoch(_ site: Site) -> Int? {
    guard epoch == nil && !isAll else { return nil }
    return (try? LogFile.list(site.logDirectory(migration, step), step: step))?.last?.epoch
  }

  /// The logs meant, those of claim `last` unless the person asked for another or for all.
  func files(_ site: Site, last: Int?) throws(CommandError) -> [LogFile] {
    let wanted = epoch ?? last
    return try LogFile.list(site.logDirectory(migration, step), step: step).filter {
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
    try emit(LogPrinter.last(lines, of: tail))
    try finish()
  }

  /// Prints what a log has got since it was last printed; whether there was anything.
  mutating func printGrowth(_ file: LogFile) throws(CommandError) -> Bool {
    // A log that became shorter was begun again.
    var offset = offsets[file.path] ?? 0
    if file.size < offset { offset = 0 }
    guard file.size > offset else {
      offsets[file.path] = offset
      return false
    }
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw CommandError("unable to read '\(file.path)': \(Output.text(of: errno))")
    }
    defer { close(descriptor) }
    if stream == nil { try announce(file) }
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = pread(descriptor, &buffer, buffer.count, off_t(offset))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw CommandError("unable to read '\(file.path)': \(Output.text(of: errno))") }
      if count == 0 { break }
      let range = offset..<(offset + count)
      // Looked at after the bytes: a mark is written before what it marks.
      for part in stream.map({ LogMarks(log: file.path).parts(of: $0, in: range) }) ?? [range] {
        try announce(file)
        try emit(buffer[(part.lowerBound - offset)..<(part.upperBound - offset)])
      }
      offset += count
    }
    offsets[file.path] = offset
    return true
  }

  /// Prints what was held back in case more would come.
  mutating func finish() throws(CommandError) {
    if !isRaw { try context.output.write(cleaner.rest()) }
  }

  private mutating func announce(_ file: LogFile) throws(CommandError) {
    guard hasHeadings, last != file.path else { return }
    try finish()
    try context.output.line("\(last == nil ? "" : "\n")==> \(file.name) <==")
    last = file.path
  }

  private mutating func emit(_ bytes: ArraySlice<UInt8>) throws(CommandError) {
    if isRaw {
      try context.output.write(bytes: bytes)
    } else {
      try context.output.write(cleaner.clean(bytes))
    }
  }

  /// The last `count` lines.
  static func last(_ count: Int, of bytes: [UInt8]) -> ArraySlice<UInt8> {
    guard count > 0 else { return [] }
    var seen = 0
    // A line feed at the very end ends the last line and begins no other.
    for index in bytes.indices.dropLast().reversed() where bytes[index] == 0x0A {
      seen += 1
      if seen == count { return bytes[(index + 1)...] }
    }
    return bytes[...]
  }
}

/// Makes a stream of bytes safe for a terminal, piece by piece: colours are taken out, every other control is
/// shown.
struct TerminalCleaner {
  private var held: [UInt8] = []

  /// The clean text of the next piece. A character or a colour that may go on in the next piece is held back.
  mutating func clean(_ bytes: some Sequence<UInt8>) -> String {
    held += bytes
    let end = TerminalCleaner.completeEnd(held)
    let text = TerminalCleaner.text(held[..<end])
    held.removeFirst(end)
    return text
  }

  /// What was held back.
  mutating func rest() -> String {
    defer { held = [] }
    return TerminalCleaner.text(held[...])
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if let end = colourEnd(bytes, index) {
        index = end
      } else if bytes[index] == 0x0D, index + 1 < bytes.endIndex, bytes[index + 1] == 0x0A {
        index += 1
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    return TerminalText.sanitized(plain)
  }

  /// Where the colour sequence that begins at `start` ends, if one does: ESC `[`, digits and `;`, `m`.
  private static func colourEnd(_ bytes: ArraySlice<UInt8>, _ start: Int) -> Int? {
    guard bytes[start] == 0x1B, start + 1 < bytes.endIndex, bytes[start + 1] == 0x5B else { return nil }
    var index = start + 2
    while index < bytes.endIndex, (0x30...0x39).contains(bytes[index]) || bytes[index] == 0x3B { index += 1 }
    return index < bytes.endIndex && bytes[index] == 0x6D ? index + 1 : nil
  }

  /// How much of the bytes can be judged without what follows.
  private static func completeEnd(_ bytes: [UInt8]) -> Int {
    if let escape = bytes.suffix(32).lastIndex(of: 0x1B), colourEnd(bytes[...], escape) == nil,
      bytes[(escape + 1)...].allSatisfy({ $0 == 0x5B || $0 == 0x3B || (0x30...0x39).contains($0) })
    {
      return escape
    }
    if bytes.last == 0x0D { return bytes.count - 1 }
    for back in 1...4 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte < 0x80 { break }
      if byte >= 0xC0 {
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        return length > back ? bytes.count - back : bytes.count
      }
    }
    return bytes.count
  }
}

import Glibc
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
    try emit(LogFile.last(lines, of: tail))
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
}

import Glibc
import System

/// The log file of one supervised run, which never grows by more than its limit: the beginning is written as
/// it comes, the last part is kept in memory and written at the end. `LogMarks` say what was standard error.
struct SupervisorLog: ~Copyable {
  private let file: Descriptor
  private let headLimit: Int
  private let tailLimit: Int
  private var written = 0
  private var tail: [UInt8] = []
  private var tailStart = 0
  private var dropped = 0
  private var isBroken = false
  private let isMarked: Bool
  private let marksFile: String
  /// The stream of the last byte in the file, and how many bytes there are.
  private var current = OutputStream.output
  private var size: Int
  /// The streams of the bytes in `tail`.
  private var tailStreams: [OutputStream] = []

  /// With `isMarked` the streams are to be told apart.
  init(path: String, limit: Int, isMarked: Bool = false) throws(ProcessError) {
    self.isMarked = isMarked
    file = try openDescriptor(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY, mode: 0o600)
    tailLimit = min(1 << 20, max(0, limit) / 4)
    headLimit = max(0, limit) - tailLimit
    marksFile = LogMarks.file(of: path)
    size = max(0, Int(lseek(file.raw, 0, SEEK_END)))
    // Marks of a log that was taken away say nothing of this one; of one that goes on, they end here.
    if size == 0 {
      _ = unlink(marksFile)
    } else if access(marksFile, F_OK) == 0 {
      try? Files.append(marksFile, LogMarks.line(.output, at: size))
    }
  }

  mutating func append(_ bytes: ArraySlice<UInt8>, from stream: OutputStream = .output) {
    let room = headLimit - written
    if room > 0 {
      put(bytes.prefix(room), stream)
      written += min(room, bytes.count)
    }
    keep(bytes.dropFirst(max(0, room)), stream)
  }

  /// Writes what was kept, after a notice if something was left out.
  mutating func finish() {
    if dropped > 0 {
      put(
        Array("\n[git-migrate: \(dropped) bytes of output left out]\n".utf8)[...],
        isMarked ? .errors : .output)
    }
    putTail(tailStart..<tail.count)
    putTail(0..<tailStart)
    (tail, tailStreams, tailStart) = ([], [], 0)
  }

  private mutating func putTail(_ range: Range<Int>) {
    var start = range.lowerBound
    while start < range.upperBound {
      let stream = tailStreams[start]
      let end = tailStreams[start..<range.upperBound].firstIndex { $0 != stream } ?? range.upperBound
      put(tail[start..<end], stream)
      start = end
    }
  }

  /// A ring: `tailStart` is the oldest byte once it is full.
  private mutating func keep(_ bytes: ArraySlice<UInt8>, _ stream: OutputStream) {
    let fresh = bytes.suffix(tailLimit)
    dropped += bytes.count - fresh.count
    let growing = fresh.prefix(tailLimit - tail.count)
    tail.append(contentsOf: growing)
    tailStreams.append(contentsOf: repeatElement(stream, count: growing.count))
    for byte in fresh.dropFirst(growing.count) {
      tail[tailStart] = byte
      tailStreams[tailStart] = stream
      tailStart = tailStart + 1 == tailLimit ? 0 : tailStart + 1
      dropped += 1
    }
  }

  private mutating func put(_ bytes: ArraySlice<UInt8>, _ stream: OutputStream) {
    var rest = bytes
    if !rest.isEmpty && stream != current { mark(stream) }
    while !rest.isEmpty && !isBroken {
      let count = rest.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
        size += count
      } else if errno != EINTR {
        // A full disk must not stop the supervision; the gate sees a log without a summary.
        isBroken = true
      }
    }
  }

  /// What marks take counts for the limit: a command that changes the stream with every byte is told from no
  /// other.
  private mutating func mark(_ stream: OutputStream) {
    let line = LogMarks.line(stream, at: size)
    written += line.count
    current = stream
    do throws(FileError) {
      try Files.append(marksFile, line, mode: 0o600)
    } catch {
      isBroken = true
    }
  }
}

import Clinux
import Glibc

/// An open file descriptor with one owner, closed when the owner goes away.
package struct Descriptor: ~Copyable {
  /// The number.
  package let raw: Int32

  /// Takes over an open descriptor: it is closed with this value.
  package init(owning raw: Int32) { self.raw = raw }

  deinit { _ = close(raw) }
}

/// The two ends of a pipe, both close-on-exec, each closed when asked or when the owner goes away.
package struct Pipe: ~Copyable {
  /// The end to read from; -1 once it is closed or taken.
  package private(set) var reading: Int32
  /// The end to write to; -1 once it is closed or taken.
  package private(set) var writing: Int32

  /// Opens a pipe; errors name `subject`.
  package init(for subject: String) throws(ProcessError) {
    var ends: [Int32] = [-1, -1]
    guard migrate_pipe(&ends) == 0 else { throw .system(subject, "pipe") }
    let first = try aboveStandard(ends[0], subject, alsoClosing: ends[1])
    writing = try aboveStandard(ends[1], subject, alsoClosing: first)
    reading = first
  }

  /// Closes the end to read from.
  package mutating func closeReading() {
    if reading >= 0 { _ = close(reading) }
    reading = -1
  }

  /// Closes the end to write to.
  package mutating func closeWriting() {
    if writing >= 0 { _ = close(writing) }
    writing = -1
  }

  /// Hands the reading end over to the caller.
  package mutating func takeReading() -> Int32 {
    defer { reading = -1 }
    return reading
  }

  /// Hands the writing end over to the caller.
  package mutating func takeWriting() -> Int32 {
    defer { writing = -1 }
    return writing
  }

  deinit {
    if reading >= 0 { _ = close(reading) }
    if writing >= 0 { _ = close(writing) }
  }
}

/// Makes reads and writes of a descriptor return at once.
package func setNonBlocking(_ raw: Int32) {
  let flags = fcntl(raw, F_GETFL)
  if flags >= 0 { _ = fcntl(raw, F_SETFL, flags | O_NONBLOCK) }
}

/// Moves a descriptor off 0, 1 and 2: the child's own descriptors are put there one after the other, and one
/// of ours in between (a parent started with closed stdio) would be overwritten before its turn.
package func aboveStandard(_ raw: Int32, _ subject: String, alsoClosing other: Int32 = -1)
  throws(ProcessError)
  -> Int32
{
  if raw > 2 { return raw }
  let moved = fcntl(raw, F_DUPFD_CLOEXEC, 3)
  let code = errno
  _ = close(raw)
  if moved < 0 {
    if other >= 0 { _ = close(other) }
    throw ProcessError(subject: subject, cause: .system(call: "fcntl", errno: code))
  }
  return moved
}

/// Never waits for the other end of a pipe.
package func openDescriptor(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(ProcessError)
  -> Descriptor
{
  let raw = retrying { open(path, flags | O_CLOEXEC | O_NONBLOCK, mode) }
  guard raw >= 0 else { throw .system(path, "open") }
  return Descriptor(owning: try aboveStandard(raw, path))
}

/// Repeats a system call that a signal interrupted.
package func retrying(_ call: () -> Int32) -> Int32 {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// What one read gave.
package enum ReadResult {
  case data
  case wouldBlock
  case end
}

/// Reads once into `buffer` and appends what came to `sink` with the room that is left; the rest is dropped,
/// and `isTruncated` says so.
package func readOnce(
  _ raw: Int32, _ buffer: inout [UInt8], into sink: inout [UInt8], limit: Int, _ isTruncated: inout Bool
) -> ReadResult {
  while true {
    let count = read(raw, &buffer, buffer.count)
    if count > 0 {
      let room = limit - sink.count
      if count > room { isTruncated = true }
      if room > 0 { sink.append(contentsOf: buffer[0..<min(room, count)]) }
      return .data
    }
    if count == 0 { return .end }
    if errno == EINTR { continue }
    return errno == EAGAIN ? .wouldBlock : .end
  }
}

/// Milliseconds of a clock that never goes back and goes on over a suspend of the machine's wall clock.
package func monotonicMilliseconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}

/// Milliseconds since the Unix epoch.
package func wallMilliseconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}

import Glibc
import System

/// How a command is put to a supervisor, through its lifeline: the length of what follows in decimal digits,
/// a NUL, and the words of the request, each ended by a NUL.
///
/// Through a pipe and not as arguments, because a supervisor serves one command after the other, and because
/// arguments and environment of a process can be read by others.
enum SupervisorRequest {
  /// More than any command line that Linux takes.
  private static let maximumBytes = 16 << 20

  /// The bytes of a request. The words hold no NUL; see `Supervisors.start`.
  static func bytes(_ words: [String]) -> [UInt8] {
    var body: [UInt8] = []
    for word in words {
      body += word.utf8
      body.append(0)
    }
    return Array(String(body.count).utf8) + [0] + body
  }

  /// Writes a request; false when nobody reads any more. `watch` sees to it that the reader does not sleep.
  static func write(
    _ words: [String], to descriptor: Int32, watching watch: inout SupervisorWatch
  ) -> Bool {
    let bytes = bytes(words)
    let pipeSignal = PipeSignalBlock()
    defer { pipeSignal.end() }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN {
        if watch.look() == .killed { return false }
        var poller = Poller()
        poller.add(writing: descriptor)
        _ = poller.wait(milliseconds: 200)
        continue
      }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  /// Waits for the next request; `nil` when the parent is gone, wants nothing more or talks nonsense.
  /// `signals` is the descriptor of the signal pipe: a signal to end is obeyed.
  static func read(from descriptor: Int32, signals: Int32) -> [String]? {
    var digits: [UInt8] = []
    while true {
      guard let byte = next(1, from: descriptor, signals: signals)?.first else { return nil }
      // The wish to end a command that had ended by itself.
      if digits.isEmpty && LifelineReader.end.contains(byte) { continue }
      if byte == 0 { break }
      guard (0x30...0x39).contains(byte), digits.count < 9 else { return nil }
      digits.append(byte)
    }
    guard let length = Int(String(decoding: digits, as: UTF8.self)), (1...maximumBytes).contains(length),
      let body = next(length, from: descriptor, signals: signals), body.last == 0
    else { return nil }
    return body.dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Reads exactly `count` bytes: what comes after them belongs to the command.
  private static func next(_ count: Int, from descriptor: Int32, signals: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: min(count, 64 << 10))
    while bytes.count < count {
      let got = Glibc.read(descriptor, &buffer, min(buffer.count, count - bytes.count))
      if got > 0 {
        bytes += buffer[0..<got]
      } else if got < 0 && (errno == EINTR || errno == EAGAIN) {
        _ = Poller(reading: [descriptor, signals]).wait(milliseconds: nil)
        if SignalPipe.drain().contains(where: { $0 != SIGCHLD }) { return nil }
      } else {
        return nil
      }
    }
    return bytes
  }
}

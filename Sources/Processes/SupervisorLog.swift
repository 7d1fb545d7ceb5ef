import Glibc

/// The log file of one supervised run, which never grows by more than its limit: the beginning is written as
/// it comes, the last part is kept in memory and written at the end.
struct SupervisorLog: ~Copyable {
  private let file: Descriptor
  private let headLimit: Int
  private let tailLimit: Int
  private var written = 0
  private var tail: [UInt8] = []
  private var tailStart = 0
  private var dropped = 0
  private var isBroken = false

  init(path: String, limit: Int) throws(ProcessError) {
    file = try openDescriptor(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
    tailLimit = min(1 << 20, max(0, limit) / 4)
    headLimit = max(0, limit) - tailLimit
  }

  mutating func append(_ bytes: ArraySlice<UInt8>) {
    let room = headLimit - written
    if room > 0 {
      put(bytes.prefix(room))
      written += min(room, bytes.count)
    }
    keep(bytes.dropFirst(max(0, room)))
  }

  /// Writes what was kept, after a notice if something was left out.
  mutating func finish() {
    if dropped > 0 {
      put(Array("\n[git-migrate: \(dropped) bytes of output left out]\n".utf8)[...])
    }
    put(tail[tailStart...])
    put(tail[..<tailStart])
    tail = []
    tailStart = 0
  }

  /// A ring: `tailStart` is the oldest byte once it is full.
  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    let fresh = bytes.suffix(tailLimit)
    dropped += bytes.count - fresh.count
    let growing = fresh.prefix(tailLimit - tail.count)
    tail.append(contentsOf: growing)
    for byte in fresh.dropFirst(growing.count) {
      tail[tailStart] = byte
      tailStart = tailStart + 1 == tailLimit ? 0 : tailStart + 1
      dropped += 1
    }
  }

  private mutating func put(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !rest.isEmpty && !isBroken {
      let count = rest.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        // A full disk must not stop the supervision; the gate sees a log without a summary.
        isBroken = true
      }
    }
  }
}

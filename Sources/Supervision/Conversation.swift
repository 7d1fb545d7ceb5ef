import Glibc
import System

/// What a live command prints and is sent, on the side of the parent. Nothing here waits, and what is held is
/// bounded.
struct Conversation {
  /// How much output is held for the owner before no more is read.
  static let inboxLimit = 256 << 10
  /// How much input may wait for the command.
  static let outboxLimit = 1 << 20

  private var lines = LineAssembler()
  private var inbox: [[UInt8]] = []
  private(set) var heldBytes = 0
  private var input = ByteQueue()
  /// How many bytes the supervisor has room for.
  private var window = LiveChannel.window
  private var isInputEnded = false
  private var isEndTold = false

  /// Whether more output may be read.
  var hasRoom: Bool { heldBytes < Conversation.inboxLimit }

  mutating func receive(_ bytes: [UInt8]) { keep(lines.read(bytes)) }

  /// The command has ended: a last line without a line feed is one as well.
  mutating func end() {
    keep(lines.rest().map { [$0] } ?? [])
    isInputEnded = true
    input.removeAll()
  }

  private mutating func keep(_ complete: [[UInt8]]) {
    inbox += complete
    // An empty line takes room, too.
    heldBytes += complete.reduce(0) { $0 + $1.count + 1 }
  }

  mutating func takeLines() -> [[UInt8]] {
    defer { (inbox, heldBytes) = ([], 0) }
    return inbox
  }

  mutating func taken(_ count: Int) { window += count }

  /// Queues input; false, and nothing of it is sent, when too much waits already or the input has ended.
  mutating func send(_ bytes: [UInt8]) -> Bool {
    guard !isInputEnded, input.count + bytes.count <= Conversation.outboxLimit else { return false }
    input.append(bytes)
    return true
  }

  mutating func endInput() { isInputEnded = true }

  /// What may go to the supervisor now.
  mutating func outgoing() -> [UInt8] {
    let part = input.take(window)
    window -= part.count
    var bytes = part.isEmpty ? [] : LifelineReader.input(part)
    if isInputEnded && input.isEmpty && !isEndTold {
      isEndTold = true
      bytes += LifelineReader.inputEnds
    }
    return bytes
  }
}

/// Makes lines of pieces. Of a line that is longer than `limit` only so much is kept.
struct LineAssembler {
  /// The longest line, in bytes: events of agents hold whole files.
  var limit = 16 << 20
  private var held: [UInt8] = []

  init(limit: Int = 16 << 20) { self.limit = limit }

  /// The lines that are complete by now, without their line feeds.
  mutating func read(_ bytes: [UInt8]) -> [[UInt8]] {
    var (complete, rest) = ([[UInt8]](), bytes[...])
    while let end = rest.firstIndex(of: 0x0A) {
      hold(rest[..<end])
      complete.append(held)
      held = []
      rest = rest[(end + 1)...]
    }
    hold(rest)
    return complete
  }

  /// What is left at the end; `nil` when there is nothing.
  mutating func rest() -> [UInt8]? {
    defer { held = [] }
    return held.isEmpty ? nil : held
  }

  private mutating func hold(_ bytes: ArraySlice<UInt8>) {
    held += bytes.prefix(max(0, limit - held.count))
  }
}

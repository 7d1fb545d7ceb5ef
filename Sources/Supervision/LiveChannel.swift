import Glibc
import System

/// What the parent and a live command have to say to each other, on the side of the supervisor, which neither
/// of them may hold up: nothing here waits, and what is held is bounded.
///
/// What the command prints is read only while there is room, so that it waits for the parent. What the parent
/// sends is never more than `window` beyond what the command has read, as the reports tell it.
struct LiveChannel: ~Copyable {
  /// How many bytes the parent may send that the command has not read.
  static let window = 32 << 10
  /// How much output may wait for the parent before no more is read.
  static let roomForOutput = 256 << 10

  private let isLive: Bool
  private var feed: Pipe
  private var reader = LifelineReader()
  private var toParent = ByteQueue()
  private var toChild = ByteQueue()
  private var isInputEnded = false

  /// `feed` is what the command reads; its writing end is closed when somebody else provides that.
  init(feed: consuming Pipe, isLive: Bool) {
    self.feed = feed
    self.isLive = isLive
    guard isLive else { return }
    setNonBlocking(self.feed.writing)
    setNonBlocking(3)
  }

  /// Whether more output may be read.
  var hasRoom: Bool { toParent.count < LiveChannel.roomForOutput }

  /// Passes output on, if that is wanted.
  mutating func pass(_ bytes: ArraySlice<UInt8>) {
    guard isLive else { return }
    toParent.append(SupervisorReport.output(count: bytes.count).line.utf8)
    toParent.append(bytes)
  }

  /// Takes what came through the lifeline; whether it asks for the end of the command.
  mutating func isAskedToEnd(by bytes: ArraySlice<UInt8>) -> Bool {
    var isAsked = false
    for message in reader.read(bytes) {
      switch message {
      case .end: isAsked = true
      case .input(let bytes): toChild.append(bytes)
      case .inputEnds: isInputEnded = true
      }
    }
    return isAsked
  }

  /// Watches what something waits for.
  func watch(_ poller: inout Poller) {
    if !toParent.isEmpty { poller.add(writing: 3) }
    if !toChild.isEmpty { poller.add(writing: feed.writing) }
  }

  /// Moves what can be moved; whether the command took something.
  mutating func move() -> Bool {
    guard isLive else { return false }
    let waiting = toChild.count
    var taken: Int?
    if feed.writing >= 0 {
      taken = toChild.flush(to: feed.writing)
    } else {
      toChild.removeAll()
    }
    // Who does not read will not read later; the parent need not know.
    if taken == nil || (isInputEnded && toChild.isEmpty) { feed.closeWriting() }
    let moved = waiting - toChild.count
    if moved > 0 { toParent.append(SupervisorReport.taken(count: moved).line.utf8) }
    // That the parent is gone shows on the lifeline.
    _ = toParent.flush(to: 3)
    return (taken ?? 0) > 0
  }

  /// The last report, after everything else; waits until the parent has read it or is gone.
  mutating func finish(with report: SupervisorReport) {
    feed.closeWriting()
    toParent.append(report.line.utf8)
    while toParent.flush(to: 3) != nil && !toParent.isEmpty {
      var poller = Poller()
      poller.add(writing: 3)
      _ = poller.wait(milliseconds: nil)
    }
  }
}

/// Takes what comes through the lifeline while a command runs apart, each with a NUL after it: `t` asks for
/// its end; `i` with a length in decimal digits has so many bytes of input after it; `e` ends the input.
struct LifelineReader {
  /// What the parent wants.
  enum Message: Equatable {
    case end
    case input([UInt8])
    case inputEnds
  }

  /// The bytes of input with the head that announces them.
  static func input(_ bytes: [UInt8]) -> [UInt8] { Array("i\(bytes.count)\0".utf8) + bytes }

  /// Asks for the end.
  static let end = Array("t\0".utf8)
  /// Ends the input.
  static let inputEnds = Array("e\0".utf8)

  private var frames = FrameReader(end: 0)

  /// What is said by these bytes, some of which may go on in the next ones.
  mutating func read(_ bytes: ArraySlice<UInt8>) -> [Message] {
    let items = frames.read(bytes) { head in
      guard head.first == UInt8(ascii: "i") else { return 0 }
      return max(0, Int(String(decoding: head.dropFirst(), as: UTF8.self)) ?? 0)
    }
    return items.compactMap { item in
      switch item {
      case .bytes(let bytes): .input(bytes)
      case .head([UInt8(ascii: "t")]): .end
      case .head([UInt8(ascii: "e")]): .inputEnds
      case .head: nil
      }
    }
  }
}

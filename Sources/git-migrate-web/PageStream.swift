import Cmicrohttpd

/// What one reader is told while the page is open. Used by the thread of one connection alone.
final class PageStream {
  /// How often something is said when nothing happens, in tenths of a second: a connection that is gone is
  /// seen by that alone.
  private static let silence = 100
  private let name: String
  private let pages: SharedPages
  private var seen: Int
  private var rest: [UInt8] = Array("retry: 2000\n\n".utf8)

  init(_ name: String, _ pages: SharedPages, seen: Int) {
    self.name = name
    self.pages = pages
    self.seen = seen
    pages.listen(1)
  }

  deinit { pages.listen(-1) }

  /// The next bytes; waits for them. Negative at the end.
  func read(into buffer: UnsafeMutablePointer<CChar>, _ most: Int) -> Int {
    var waited = 0
    while rest.isEmpty {
      if pages.isOver { return -1 }
      guard let page = pages.page(name) else { return -1 }
      if page.sequence != seen {
        seen = page.sequence
        rest = Array("id: \(page.sequence)\nevent: head\ndata: \(page.head)\n\n".utf8)
      } else if waited >= PageStream.silence {
        rest = Array(":\n\n".utf8)
      } else {
        // At most four times a second.
        _ = migrate_server_wait(-1, 250)
        waited += 3
      }
    }
    let count = min(most, rest.count)
    for index in 0..<count { buffer[index] = CChar(bitPattern: rest[index]) }
    rest.removeFirst(count)
    return count
  }
}

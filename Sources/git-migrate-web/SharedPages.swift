import CanonicalJSON
import Synchronization

/// The pages as they are now, between the one who makes them and the threads that hand them out.
final class SharedPages: Sendable {
  /// One migration's page.
  struct Page: Sendable {
    var name: String
    var html: [UInt8]
    /// The number of the ledger's last entry.
    var sequence: Int
    /// How it stands, as one line of JSON.
    var head: String
  }

  private struct Content {
    var pages: [Page] = []
    var metrics = ""
    var listeners = 0
    var isAskedFor = false
    var isOver = false
    var trouble: String?
  }

  let token: String
  private let content = Mutex(Content())

  /// What carries out what is asked for on the page; `nil` where it is for reading alone.
  let control: PageControl?

  init(token: String, control: PageControl? = nil) { (self.token, self.control) = (token, control) }

  /// Whether anybody looks: an open stream, or a page that was asked for since it was made.
  var isWanted: Bool { content.withLock { $0.listeners > 0 || $0.isAskedFor } }

  /// Whether the server ends.
  var isOver: Bool { content.withLock { $0.isOver } }

  var names: [String] { content.withLock { $0.pages.map(\.name) } }

  func page(_ name: String) -> Page? { content.withLock { $0.pages.first { $0.name == name } } }

  /// How all migrations stand as numbers.
  var metrics: String { content.withLock { $0.metrics } }

  func publish(_ pages: [Page], metrics: String) {
    content.withLock {
      ($0.pages, $0.metrics) = (pages, metrics)
      $0.isAskedFor = false
      $0.trouble = nil
    }
  }

  /// Somebody asks for a page: it is made anew when the ledger has moved.
  func ask() { content.withLock { $0.isAskedFor = true } }

  func listen(_ change: Int) { content.withLock { $0.listeners += change } }

  func note(_ trouble: String) { content.withLock { $0.trouble = trouble } }

  func end() { content.withLock { $0.isOver = true } }
}

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
    /// How often somebody has asked, and up to which of those the content is as new as the ledger.
    var (asked, answered) = (0, 0)
    var isOver = false
    var trouble: String?
  }

  let token: String
  private let content = Mutex(Content())

  /// What carries out what is asked for on the page; `nil` where it is for reading alone.
  let control: PageControl?

  init(token: String, control: PageControl? = nil) { (self.token, self.control) = (token, control) }

  /// Whether anybody looks: an open stream, or a page that was asked for since it was made.
  var isWanted: Bool { content.withLock { $0.listeners > 0 || $0.asked > $0.answered } }

  /// The number of the newest question.
  var asked: Int { content.withLock { $0.asked } }

  /// Whether the server ends.
  var isOver: Bool { content.withLock { $0.isOver } }

  var names: [String] { content.withLock { $0.pages.map(\.name) } }

  func page(_ name: String) -> Page? { content.withLock { $0.pages.first { $0.name == name } } }

  /// How all migrations stand as numbers.
  var metrics: String { content.withLock { $0.metrics } }

  func publish(_ pages: [Page], metrics: String) {
    content.withLock {
      ($0.pages, $0.metrics) = (pages, metrics)
      $0.trouble = nil
    }
  }

  /// Somebody asks for a page: it is made anew when the ledger has moved. Gives the number of the question.
  @discardableResult
  func ask() -> Int {
    content.withLock {
      $0.asked += 1
      return $0.asked
    }
  }

  /// Says that the ledger was looked at after that question.
  func answer(_ question: Int) { content.withLock { $0.answered = max($0.answered, question) } }

  /// Whether it was.
  func isAnswered(_ question: Int) -> Bool { content.withLock { $0.answered >= question || $0.isOver } }

  func listen(_ change: Int) { content.withLock { $0.listeners += change } }

  func note(_ trouble: String) { content.withLock { $0.trouble = trouble } }

  func end() { content.withLock { $0.isOver = true } }
}

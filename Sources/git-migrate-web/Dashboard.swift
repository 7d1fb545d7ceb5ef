import Cmicrohttpd
import Git
import Ledger
import Migration
import Runner
import Site
import System

/// The report's page, kept up to date: looks at the ledger's tip once a second, and makes the pages anew when
/// it moved and somebody looks.
final class Dashboard {
  private let site: Site
  private let only: String?
  private let pages: SharedPages
  private var shown: OID?

  /// Makes one; with `isControlled` what the page asks for is done.
  init(_ site: Site, only: String?, isControlled: Bool = false) throws(CommandError) {
    self.site = site
    self.only = only
    pages = SharedPages(
      token: Dashboard.token(), control: isControlled ? try PageControl(in: site.directory) : nil)
  }

  /// 128 random bits: who was not told the address cannot guess it.
  private static func token() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }.joined()
  }

  /// Serves on the loopback address until a signal comes; port 0 takes any that is free. The address is
  /// printed first.
  func serve(port: UInt16) throws(CommandError) {
    try refresh()
    let signals = try reporting { try SignalPipe.installForEnd() }
    guard let server = WebServer(port: port, pages: pages) else {
      throw CommandError(
        "nothing can be served on port \(port) of this machine", hint: "leave '--port' out to take a free one"
      )
    }
    let address = "http://127.0.0.1:\(server.port)/\(pages.token)/"
    do throws(StreamError) { try StandardStream.output.write(Array((address + "\n").utf8)) } catch {
      throw CommandError("the address cannot be written: \(error)")
    }
    WebOutput().note("the page is there until you press Ctrl-C; the address is the key to it")
    while migrate_server_wait(signals, 1000) <= 0 || SignalPipe.drain().isEmpty {
      // A ledger that cannot be read just now is looked at again; the page stays as it was.
      let question = pages.asked
      do throws(CommandError) { try refresh() } catch { pages.note(error.message) }
      pages.answer(question)
    }
    pages.end()
    server.stop()
  }

  private func refresh() throws(CommandError) {
    guard shown == nil || pages.isWanted else { return }
    let tip = try reporting { try site.ledger.reader.tip() }
    guard shown == nil || tip != shown else { return }
    let snapshot = try site.snapshot(finding: only, looksOnly: true) { _ in }
    let names = only.map { [$0] } ?? snapshot.state.migrations.map(\.name)
    if names.isEmpty {
      throw CommandError("there is no migration here", hint: "start one with 'git migrate start PLAN'")
    }
    let answers = Answers(site) { _ in }
    var made: [SharedPages.Page] = []
    var numbers: [(report: MigrationReport, chronicle: Chronicle)] = []
    var sequence = 0
    for name in names {
      let recap = try answers.recap(name, since: nil)
      numbers.append((recap.report, recap.chronicle))
      sequence = recap.sequence
      made.append(
        SharedPages.Page(
          name: name,
          html: RecapPage(recap, site, isLive: true, isControlled: pages.control != nil).bytes,
          sequence: recap.sequence,
          head: recap.head))
    }
    pages.publish(made, metrics: MetricsText(numbers, sequence: sequence).text)
    shown = tip
  }
}

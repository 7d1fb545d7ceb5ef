import CanonicalJSON
import Git
import Ledger
import Migration
import Plans
import Site
import Supervision
import System

extension Site {
  package func moment(at time: Timestamp) -> WeekMoment {
    WeekMoment(time, offset: LocalTime(seconds: time.seconds)?.secondsEastOfUTC ?? 0)
  }

  package func fileOwners(_ state: MigrationState) throws(CommandError) -> CodeOwners? {
    guard let tip = try tip(of: "refs/heads/" + state.base) else { return nil }
    let path = state.plan.owners ?? "CODEOWNERS"
    return try reporting { () throws -> CodeOwners? in
      let tree = try repository.treeOf(commit: tip)
      for place in path == "CODEOWNERS" ? CodeOwners.places : [path] {
        guard let entry = try repository.entry(at: place, inTree: tree) else { continue }
        return CodeOwners(String(decoding: try repository.blob(entry.oid), as: UTF8.self))
      }
      return nil
    }
  }

  package func option(for migration: String) throws(CommandError) -> String {
    let open = try snapshot().state.migrations.count { !$0.phase.isTerminal }
    return open > 1 ? "--migration \(migration) " : ""
  }

  package func startMessages(_ messages: [OutgoingMessage], of migration: String) -> any Sending {
    SiteSending(self, messages, of: migration)
  }
}

/// Messages that children of this process send: each a program that gets its text on standard input.
final class SiteSending: Sending {
  private let site: Site
  private let migration: String
  private let messages: [OutgoingMessage]
  private var failures: [String??]
  private var running: [(index: Int, child: SupervisedChild, log: String)] = []
  private var next = 0
  private var isStopping = false
  private(set) var wasStopped = false

  /// How many are sent at once, and how long one may take, in seconds.
  private static let (most, seconds) = (4, 30)

  init(_ site: Site, _ messages: [OutgoingMessage], of migration: String) {
    (self.site, self.messages, self.migration) = (site, messages, migration)
    failures = messages.map { _ in nil }
    begin()
  }

  var descriptors: [Int32] { running.map(\.child.pollDescriptor) }

  func stop() {
    isStopping = true
    running.forEach { $0.child.terminate() }
  }

  func poll() -> [String?]? {
    running.removeAll { index, child, log in
      _ = child.takeLines()
      guard let status = child.poll() else { return false }
      if isStopping, !status.isSuccess { wasStopped = true }
      failures[index] = .some(status.isSuccess ? nil : Self.words(status, log))
      return true
    }
    begin()
    guard running.isEmpty, next == messages.count || isStopping else { return nil }
    if next < messages.count { wasStopped = true }
    return failures.map { $0 ?? .some("it was not begun") }
  }

  /// Starts as many as may be under way at once.
  private func begin() {
    while !isStopping, next < messages.count, running.count < Self.most {
      let (index, message) = (next, messages[next])
      next += 1
      do throws(CommandError) {
        let log = site.logFile(.notify(migration, index))
        let input = try input(message)
        let child = try site.start(try run(message, log), isAnew: true)
        _ = child.send(input)
        child.endInput()
        running.append((index, child, log))
      } catch {
        failures[index] = .some(error.message)
      }
    }
  }

  /// How it ended, with the last thing that it said.
  private static func words(_ status: ExitStatus, _ log: String) -> String {
    let text = (try? Files.readPlain(log, limit: 1 << 16)).flatMap(\.self) ?? []
    let last = String(decoding: text, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    let line = TerminalText.sanitizedLine(String(last.prefix(200)))
    return WorkJob.words(status) + (line.isEmpty ? "" : ": \(line)")
  }

  // MARK: Programs

  private func run(_ message: OutgoingMessage, _ log: String) throws(CommandError) -> Supervised {
    var variables = [
      "MIGRATE_MIGRATION": migration, "MIGRATE_NOTICE": message.subject, "MIGRATE_EVENT": message.event,
      "MIGRATE_SEVERITY": message.severity.rawValue,
    ]
    variables["MIGRATE_STEP"] = message.step
    variables["MIGRATE_OWNER"] = message.owner
    variables["MIGRATE_CHANNEL"] = message.room
    return site.launcher.supervised(
      message.kind == .webhook ? .own : .notify, try command(message),
      in: site.directory, log: log,
      adding: variables.merging(message.kind == .desktop ? desktop : [:]) { $1 },
      timeoutSeconds: Self.seconds, isLive: true)
  }

  /// Where the desktop is.
  private var desktop: [String: String] {
    site.environment.filter {
      ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"].contains($0.key)
    }
  }

  private func command(_ message: OutgoingMessage) throws(CommandError) -> String {
    switch message.kind {
    case .command: return message.target
    case .mail:
      // Where administrators' programs lie, which is on few people's PATH.
      let to = recipients(message).map(ShellQuote.word).joined(separator: " ")
      return "PATH=\"$PATH:/usr/sbin:/usr/lib\" exec sendmail -i -- \(to)"
    case .desktop:
      let urgency = message.severity == .urgent ? "critical" : "normal"
      let words = [message.subject, message.lines.joined(separator: "\n")].map(ShellQuote.word)
      return "exec notify-send --app-name=git-migrate --urgency=\(urgency) -- \(words.joined(separator: " "))"
    case .webhook:
      guard let program = WebProgramPlace.path else {
        throw CommandError("'git-migrate-web', which speaks HTTP, is not installed beside git-migrate")
      }
      return "exec \(ShellQuote.word(program)) notify"
    }
  }

  private func recipients(_ message: OutgoingMessage) -> [String] {
    message.target.split(separator: ",").map { String($0.drop { $0 == " " }) }
  }

  // MARK: Texts

  private func input(_ message: OutgoingMessage) throws(CommandError) -> [UInt8] {
    switch message.kind {
    case .command: return Array(message.text.utf8)
    case .desktop: return []
    case .mail: return mail(message)
    case .webhook:
      var address = message.target
      if address.hasPrefix("$") {
        let name = String(address.dropFirst())
        guard let value = site.environment[name], !value.isEmpty else {
          throw CommandError("the variable '\(name)', which holds the address, is not set here")
        }
        address = value
      }
      var body = ObjectBuilder()
      body.set("text", Self.escaped(message.text))
      body.set("channel", message.room)
      var object = ObjectBuilder()
      object.set("url", address)
      object.set("body", body.json)
      return object.json.canonicalBytes
    }
  }

  /// What Slack takes for markup.
  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  private func mail(_ message: OutgoingMessage) -> [UInt8] {
    let heads = [
      "To: \(recipients(message).joined(separator: ", "))", "Subject: \(Self.word(message.subject))",
      "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: 8bit",
    ]
    return Array((heads + ["", message.lines.joined(separator: "\n"), ""]).joined(separator: "\n").utf8)
  }

  /// A text as a head of a mail may hold it: as it is when it is plain, else in encoded words (RFC 2047).
  private static func word(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
    var (words, part): ([String], [UInt8]) = ([], [])
    for character in text {
      // An encoded word is at most 75 characters, and no character is cut.
      if part.count + String(character).utf8.count > 42 {
        words.append("=?utf-8?B?\(Base64.encoded(part))?=")
        part = []
      }
      part += Array(String(character).utf8)
    }
    words.append("=?utf-8?B?\(Base64.encoded(part))?=")
    return words.joined(separator: "\n ")
  }
}

extension Site {
  /// What is to be told now of a migration, by whom nobody may follow.
  package func dueMessages(of state: MigrationState) throws(CommandError) -> [OutgoingMessage] {
    let now = max(clock.now(), try snapshot().state.at)
    let due = state.dueNotices(at: now, moment(at: clock.now()), isLast: true)
    let owners = state.plan.messages?.isByOwner == true ? try fileOwners(state) : nil
    return state.outgoing(due, owners: owners, option: try option(for: state.name))
  }

  /// Tells it, and waits for that; `nil` when somebody else does.
  package func sendDue(
    of migration: String, report: @escaping (String) -> Void
  ) throws(CommandError) -> NoticeReport? {
    guard let task = try MessageTask.begin(in: self, migration, isLast: true, report: report) else {
      return nil
    }
    while true {
      if let outcome = try task.advance() { return outcome }
      wait(for: task.descriptors, atMost: 200)
    }
  }
}

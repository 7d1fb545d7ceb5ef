import CanonicalJSON
import Support
import System
import Testing

/// People are told by a run of the built program, through what they have.
@Suite("People are told")
struct NotifyTests {
  /// A server that takes what Slack's webhooks take: a line a message; `/down` is one that fails.
  private static let slack = """
    import http.server, json, sys
    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length']))
            good = self.path != '/down' and self.headers['Content-Type'] == 'application/json'
            if good:
                open(sys.argv[2], 'a').write(json.dumps(json.loads(body)) + '\\n')
            self.send_response(200 if good else 500)
            self.end_headers()
            self.wfile.write(b'ok' if good else b'no_service')
        def log_message(self, *words): pass
    http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Taker).serve_forever()
    """

  private struct Room {
    let world: MigrationWorld
    let server: LoopbackServer
    let taken: String

    init(owners: String? = nil) throws {
      world = try MigrationWorld(files: owners.map { ["CODEOWNERS": $0] } ?? [:])
      let taken = world.repository.root + "/taken"
      self.taken = taken
      server = try LoopbackServer(world.repository, "python3") { ["-c", NotifyTests.slack, "\($0)", taken] }
      try Files.makeDirectories(world.repository.root + "/bin")
      let mail = world.repository.root + "/mail"
      let script = "#!/bin/sh\necho \"to $*\" >> '\(mail)'\ncat >> '\(mail)'\n"
      try Files.writeAtomically(world.repository.root + "/bin/sendmail", Array(script.utf8), mode: 0o755)
    }

    func migrate(_ words: String..., hook: String = "/hook") throws -> TestRun {
      let path = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
      return try world.repository.run(
        TestBinary.path, words, adding: ["PATH": path, "HOOK": "http://127.0.0.1:\(server.port)\(hook)"])
    }

    func text(_ file: String) throws -> String {
      String(
        decoding: try Files.readFile(world.repository.root + "/" + file, limit: 1 << 20) ?? [], as: UTF8.self)
    }

    /// The texts that came to the webhook.
    func posted() throws -> [String] {
      try text("taken").split(separator: "\n").map { line in
        guard case .string(let text)? = try JSON.parse(String(line))["text"] else {
          throw TestFailure("\(line)")
        }
        return text
      }
    }
  }

  @Test func `a webhook, a mail and a command get one message a cause`() throws {
    let room = try Room()
    try room.world.start(
      "  - { id: A, run: 'echo broken >&2; exit 7' }\n  - { id: B, run: 'echo broken >&2; exit 7' }",
      more: """
        notify:
          webhook: $HOOK
          mail: ann@shop.example
          command: 'cat >> "$HOME/told"; echo "$MIGRATE_EVENT $MIGRATE_SEVERITY" >> "$HOME/told"'

        """)
    let run = try room.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    let posted = try room.posted()
    #expect(posted.count == 1, "\(posted)")
    #expect(posted.first?.hasPrefix("[mig] ") == true && posted.first?.contains("git migrate show") == true)
    let mail = try room.text("mail")
    #expect(mail.hasPrefix("to -i -- ann@shop.example\nTo: ann@shop.example\nSubject: [mig] "), "\(mail)")
    #expect(mail.components(of: "Subject: ") == posted.count)
    let told = try room.text("home/told")
    #expect(told.components(of: "blocked warning") == posted.count, "\(told)")
    #expect(try room.world.count("people told by command, webhook, mail") == posted.count)
    // Nobody is told again: not by another run, and not by who asks.
    _ = try room.migrate("run", "--jobs", "1")
    #expect(try room.migrate("notify").err == "nothing is to be told now\n")
    #expect(try room.posted() == posted)
    #expect(try room.world.complaints() == "")
  }

  @Test func `a way that fails is told in the status, and does not keep the others`() throws {
    let room = try Room()
    try room.world.start(
      "  - { id: A, run: 'exit 7' }", more: "notify: { webhook: $HOOK, mail: ann@shop.example }\n")
    let run = try room.migrate("run", hook: "/down")
    #expect(run.err.contains("people could not be told by webhook: "), "\(run)")
    #expect(run.err.contains("the webhook says 500: no_service"), "\(run)")
    #expect(try room.text("mail").components(of: "Subject: ") == 1)
    let shown = try room.world.migrate("status")
    #expect(shown.code == 0, "\(shown)")
    let status = shown.out
    #expect(status.contains("messages by webhook fail: "), "\(status)")
    #expect(!(run.description + status).contains("127.0.0.1"), "an address may be a secret")
    let missing = try room.world.migrate("notify")
    #expect(missing.err == "nothing is to be told now\n", "told by mail")
  }

  @Test func `a plan that tells nobody says so, and one with a command alone is as it was`() throws {
    let room = try Room()
    try room.world.start(
      "  - { id: A, run: 'exit 7' }", more: "notify: 'echo \"$MIGRATE_EVENT\" >> \"$HOME/told\"'\n")
    let refused = try room.migrate("notify")
    #expect(refused.code == 128 && refused.err.contains("has no map 'notify'"), "\(refused)")
    _ = try room.migrate("run")
    #expect(try room.text("home/told") == "blocked\n")
    #expect(try room.world.count("told by") == 0, "the ledger knows of none of it")
  }

  @Test func `each owner is told of their own, at their own address`() throws {
    let room = try Room(owners: "/a/ @shop/pay\n/b/ ben@shop.example\n")
    try room.world.start(
      "  - { id: A, paths: [a/**], run: 'exit 7' }\n  - { id: B, paths: [b/**], run: 'exit 8' }",
      more: """
        channels: { "@shop/pay": "#pay" }
        notify: { webhook: $HOOK, by: owner, digest: 1h }

        """)
    let dry = try room.migrate("notify", "-n")
    #expect(dry.out == "" && dry.err == "nothing is to be told now\n", "\(dry)")
    #expect(try room.migrate("run", "--jobs", "1").code == 1)
    let lines = try room.text("taken").split(separator: "\n").map { try JSON.parse(String($0)) }
    #expect(lines.count == 2, "\(lines)")
    #expect(
      lines.contains { $0["channel"] == .string("#pay") && "\($0)".contains("A is blocked") }, "\(lines)")
    #expect(try room.text("mail").hasPrefix("to -i -- ben@shop.example\n"), "its own address is the way")
    #expect(try room.text("mail").contains("B is blocked"))
  }
}

extension String {
  /// How often a text stands in it.
  fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}

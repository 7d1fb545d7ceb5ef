import ArgumentParser
import Ledger
import Migration
import Runner

/// `git migrate sync`: brings the entries of others here and ours there.
struct SyncCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "Exchange the ledger with the repository it is shared through.",
    discussion: """
      Every command that writes does this by itself; this one is for looking, and for what was recorded \
      while the remote could not be reached. Exit code 1: something that had waited was refused.
      """)

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    guard let remote = site.ledger.remote else {
      throw CommandError(
        "the ledger is not shared", hint: "share it with 'git migrate init --remote origin'")
    }
    let report = try reporting { try site.ledger.synchronize() }
    let snapshot = try reporting { try site.ledger.read() }
    try site.followAll(snapshot.state)
    if !report.refused.isEmpty { context.exitCode = .no }
    guard !json.isWanted else { return try context.output.line(json: document(report, remote, snapshot)) }
    let lines = report.lines(remote: remote.name)
    for line in lines { try context.output.line(line) }
    if lines.isEmpty {
      try context.output.line(
        "'\(remote.name)' has the same \(Count.of(snapshot.sequence, "entry", plural: "entries"))")
    }
  }

  private func document(
    _ report: SyncReport, _ remote: any LedgerRemote, _ snapshot: LedgerSnapshot
  ) -> JSON {
    let refused = report.refused.map { event in
      JSON.object([
        JSON.Member("reason", .string(event.reason)), JSON.Member("sentence", .string(event.sentence)),
      ])
    }
    return .object([
      JSON.Member("version", .integer(1)), JSON.Member("remote", .string(remote.name)),
      JSON.Member("seq", .integer(Int64(snapshot.sequence))),
      JSON.Member("received", .integer(Int64(report.received))),
      JSON.Member("sent", .integer(Int64(report.sent))), JSON.Member("refused", .array(refused)),
      JSON.Member("kept_on", report.keptOn.map(JSON.string) ?? .null),
    ])
  }
}

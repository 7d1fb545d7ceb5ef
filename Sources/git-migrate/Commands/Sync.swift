import ArgumentParser
import Ledger
import Runner
import Site

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
    try context.print(SyncedLedger(remote: remote.name, sequence: snapshot.sequence, report: report), json)
  }
}

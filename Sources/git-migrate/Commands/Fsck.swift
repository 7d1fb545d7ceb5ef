import ArgumentParser
import Ledger
import Runner
import Site

/// `git migrate fsck`: checks the ledger and the branches against the invariants.
struct FsckCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "fsck", abstract: "Check the ledger, the branches and what lies around them.",
    discussion: "Exits with 1 when something is wrong. Never changes anything.")

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    var (findings, count) = try reporting { (try site.ledger.fsck(), try site.ledger.reader.commits().count) }
    // Where the chain is broken, nobody knows who holds what.
    if let state = try? site.ledger.read().state { findings += try WorktreeCheck(site: site).findings(state) }
    if !findings.isEmpty { context.exitCode = .no }
    if !json.isWanted {
      for finding in findings {
        context.report("error", "\(finding.rule) at '\(finding.subject)': \(finding.message)")
        context.hint(finding.remedy)
      }
    }
    try context.print(CheckedLedger(findings: findings, entries: count), json)
  }
}

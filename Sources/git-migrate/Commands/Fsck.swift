import ArgumentParser
import Ledger
import Migration
import Runner

/// `git migrate fsck`: checks the ledger and the branches against the invariants.
struct FsckCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "fsck", abstract: "Check the ledger, the branches and what lies around them.",
    discussion: "Exits with 1 when something is wrong. Never changes anything.")

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    var (findings, count) = try reporting { (try site.ledger.fsck(), try site.ledger.commits().count) }
    // Where the chain is broken, nobody knows who holds what.
    if let state = try? site.ledger.read().state { findings += try WorktreeCheck(site: site).findings(state) }
    if !findings.isEmpty { context.exitCode = .no }
    if json.isWanted { return try context.output.line(json: document(findings, count)) }
    for finding in findings {
      context.report("error", "\(finding.rule) at '\(finding.subject)': \(finding.message)")
      context.hint(finding.remedy)
    }
    if findings.isEmpty { try context.output.line("ok \(Count.of(count, "entry", plural: "entries"))") }
  }

  private func document(_ findings: [Finding], _ count: Int) -> JSON {
    let list = findings.map { finding in
      JSON.object([
        JSON.Member("rule", .string(finding.rule)), JSON.Member("subject", .string(finding.subject)),
        JSON.Member("message", .string(finding.message)), JSON.Member("remedy", .string(finding.remedy)),
      ])
    }
    return .object([
      JSON.Member("version", .integer(1)), JSON.Member("ok", .bool(findings.isEmpty)),
      JSON.Member("entries", .integer(Int64(count))), JSON.Member("findings", .array(list)),
    ])
  }
}

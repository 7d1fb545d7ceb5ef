import Ledger
import Migration
import Plans

/// Every document that a command prints with `--json`, by the place where the manual describes it.
package struct AnswerCatalogue: Sendable {
  /// The page, without its section.
  package let page: String
  /// The heading below which its table stands.
  package let heading: String
  /// What it has.
  package let members: [AnswerMember]

  private init(_ page: String, _ heading: String, _ members: [AnswerMember]) {
    self.page = "git-migrate-" + page
    self.heading = heading
    self.members = members
  }

  /// All of them.
  package static let all: [AnswerCatalogue] =
    ["abort", "allow", "approve", "label", "pause", "reject", "resume", "retry", "skip", "undo"].map {
      AnswerCatalogue($0, "OUTPUT", RecordedChanges.form.members)
    } + others

  private static let others: [AnswerCatalogue] = [
    AnswerCatalogue("amend", "OUTPUT", AmendedPlan.form.members),
    AnswerCatalogue("board", "OUTPUT", BoardReport.form.members),
    AnswerCatalogue("check", "When the plan is good", CheckedPlan.form.members),
    AnswerCatalogue("check", "When the plan is not good", RejectedPlan.form.members),
    AnswerCatalogue("claim", "When it got a step", ClaimedStep.form.members),
    AnswerCatalogue("claim", "When there is nothing to get (10 and 11)", NothingToClaim.form.members),
    AnswerCatalogue("clean", "OUTPUT", RemovedLitter.form.members),
    AnswerCatalogue("compare", "OUTPUT", PlanComparison.form.members),
    AnswerCatalogue("diff", "OUTPUT", ResultDiff.form.members),
    AnswerCatalogue("doctor", "OUTPUT", ExaminedMachine.form.members),
    AnswerCatalogue("failures", "OUTPUT", FailureList.form.members),
    AnswerCatalogue("fleet", "OUTPUT", FleetReport.form.members),
    AnswerCatalogue("fleet", "Of failures", FleetFailures.form.members),
    AnswerCatalogue("finish", "When it is finished", FinishedMigration.form.members),
    AnswerCatalogue("finish", "When the result does not pass", RejectedResult.form.members),
    AnswerCatalogue("fsck", "OUTPUT", CheckedLedger.form.members),
    AnswerCatalogue("graph", "OUTPUT", StepGraph.form.members),
    AnswerCatalogue("graph", "OUTPUT of --workflow", StageGraph.form.members),
    AnswerCatalogue("import", "OUTPUT", MadePlan.form.members),
    AnswerCatalogue("new", "OUTPUT", MadePlan.form.members),
    AnswerCatalogue("insight", "OUTPUT", InsightTable.form.members),
    AnswerCatalogue("lesson", "When they are listed", LessonList.form.members),
    AnswerCatalogue("lesson", "When one is written or taken away", RecordedChanges.form.members),
    AnswerCatalogue("log", "OUTPUT", LoggedEntry.form.members),
    AnswerCatalogue("mcp", "status", ClaimStanding.form.members),
    AnswerCatalogue("mcp", "result", NotedWord.form.members),
    AnswerCatalogue("prs", "OUTPUT", PublicationList.form.members),
    AnswerCatalogue("publish", "JSON", PublicationList.form.members),
    AnswerCatalogue("publish", "JSON of messages", OwnerMessages.form.members),
    AnswerCatalogue("publish", "JSON of mail", MailedUnits.form.members),
    AnswerCatalogue("refresh", "OUTPUT", RefreshedBase.form.members),
    AnswerCatalogue("release", "OUTPUT", ReleasedStep.form.members),
    AnswerCatalogue("renew", "OUTPUT", RenewedClaim.form.members),
    AnswerCatalogue("ledger", "OUTPUT of bisect", FoldedEntry.form.members),
    AnswerCatalogue("replay", "OUTPUT", FoldedEntry.form.members),
    AnswerCatalogue("replay", "OUTPUT of --with", PlayedPolicies.form.members),
    AnswerCatalogue("report", "JSON", MigrationRecap.form.members),
    AnswerCatalogue("run", "JSON", RunSummary.form.members),
    AnswerCatalogue("show", "JSON of a step", StepDetails.form.members),
    AnswerCatalogue("show", "JSON of a cause", CauseDetails.form.members),
    AnswerCatalogue("show", "JSON of a migration", MigrationDetails.form.members),
    AnswerCatalogue("start", "OUTPUT", StartedMigration.form.members),
    AnswerCatalogue("status", "JSON", StatusReport.form.members),
    AnswerCatalogue("submit", "OUTPUT", SubmittedStep.form.members),
    AnswerCatalogue("sync", "OUTPUT", SyncedLedger.form.members),
    AnswerCatalogue("trace", "OUTPUT", SentTraces.form.members),
    AnswerCatalogue("workers", "OUTPUT", WorkerTable.form.members),
    AnswerCatalogue("why", "OUTPUT", WhyLine.form.members),
    AnswerCatalogue("verify", "OUTPUT", TriedWork.form.members),
  ]
}

import ArgumentParser
import Runner

/// The root command: the list of all others, one file each in `Commands/`.
struct GitMigrate: ParsableCommand {
  /// The version that `--version` and the dashboard tell.
  static let versionNumber = ProgramVersion.number
  /// What `--version` prints.
  static let versionText = "git-migrate version \(versionNumber)"

  static let configuration = CommandConfiguration(
    commandName: "git migrate",
    abstract: "Run a large code migration step by step; the ledger in git says what is done.",
    usage: "git migrate <command> [<options>]",
    version: versionText,
    groupedSubcommands: [
      CommandGroup(
        name: "Begin and end a migration",
        subcommands: [
          NewCommand.self, ImportCommand.self, InitCommand.self, CheckCommand.self, TrustCommand.self,
          DoctorCommand.self, StartCommand.self,
          AmendCommand.self, RefreshCommand.self, AbortCommand.self, FinishCommand.self, CleanCommand.self,
        ]),
      CommandGroup(
        name: "See how it goes",
        subcommands: [
          StatusCommand.self, ReportCommand.self, DashboardCommand.self, WhyCommand.self, InsightCommand.self,
          FailuresCommand.self,
          ShowCommand.self, LogCommand.self,
          GraphCommand.self,
          LogsCommand.self, CompareCommand.self, DiffCommand.self,
        ]),
      CommandGroup(
        name: "Steer it",
        subcommands: [
          RunCommand.self, WorkersCommand.self, PublishCommand.self, PrsCommand.self,
          BoardCommand.self,
          FleetCommand.self, NotifyCommand.self, PauseCommand.self, ResumeCommand.self,
          RetryCommand.self, SkipCommand.self, ApproveCommand.self, RejectCommand.self, UndoCommand.self,
          AllowCommand.self, LabelCommand.self,
          LessonCommand.self,
        ]),
      CommandGroup(
        name: "Work on a step",
        subcommands: [
          ClaimCommand.self, RenewCommand.self, VerifyCommand.self, SubmitCommand.self, ReleaseCommand.self,
          McpCommand.self,
        ]),
      CommandGroup(
        name: "Look under the hood",
        subcommands: [
          FsckCommand.self, ReplayCommand.self, LedgerCommand.self, SyncCommand.self, TraceCommand.self,
          HookCommand.self,
        ]),
    ])
}

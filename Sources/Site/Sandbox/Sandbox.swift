import Git
import Migration
import Supervision
import System

/// What children that nobody trusts are shut in here.
public enum Sandbox: Equatable, Sendable {
  /// Nothing: they may do what the user may.
  case none
  /// Walls by bubblewrap, whose program lies there.
  case bubblewrap(String)

  /// Its name in the ledger.
  package var name: String {
    switch self {
    case .none: "none"
    case .bubblewrap: "bubblewrap"
    }
  }
}

extension Plan {
  /// Whether codemods and verifiers are off the network in a sandbox.
  package var isOffNetwork: Bool { sandbox == .require || !hasNetwork }
}

extension Site {
  /// What this user says of sandboxes here, whatever a plan says: `migrate.sandbox`.
  private var ownSandboxWish: Plan.SandboxWish? {
    (try? approvedValues("migrate.sandbox"))?.last.flatMap { Plan.SandboxWish(rawValue: $0.lowercased()) }
  }

  /// Whether nothing of a plan runs here without a sandbox.
  package func requiresSandbox(_ plan: Plan) -> Bool {
    plan.sandbox == .require || ownSandboxWish == .require
  }

  /// What the children of a plan's steps are shut in. Throws when one is required, and does not work here.
  package func sandbox(of plan: Plan) throws(CommandError) -> Sandbox {
    let own = ownSandboxWish
    let isRequired = requiresSandbox(plan)
    if !isRequired, plan.sandbox == .off || own == .off { return .none }
    if isRequired, own == .off {
      throw CommandError(
        "the plan requires a sandbox, and 'migrate.sandbox' is off",
        hint: "run 'git config migrate.sandbox auto'")
    }
    switch bubblewrap {
    case .works(let program): return .bubblewrap(program)
    case .fails(let reason):
      if !isRequired { return .none }
      throw CommandError(
        "a sandbox is required, and there is none: \(reason)", hint: SandboxProbe.hint)
    }
  }

  /// Why agents and verifiers of a plan run without a sandbox that they were to have; `nil` when they have
  /// one, or are to have none.
  package func lackOfSandbox(_ plan: Plan) -> String? {
    guard plan.sandbox != .off, ownSandboxWish != .off, case .fails(let reason) = bubblewrap else {
      return nil
    }
    return reason
  }

  /// Whether bubblewrap works here; tried once.
  package var bubblewrap: SandboxProbe {
    if let known = seenBubblewrap { return known }
    let found = SandboxProbe(environment: environment, directory: directory)
    seenBubblewrap = found
    return found
  }

  /// What a verdict of a plan's gate is reached in, as the key of a verdict has it.
  package func sandboxName(_ plan: Plan) -> String {
    guard case .bubblewrap? = try? sandbox(of: plan) else { return Sandbox.none.name }
    let home = plan.home.isEmpty ? "" : ", " + plan.home.sorted().joined(separator: " ")
    return "bubblewrap" + (plan.isOffNetwork ? ", no network" : "") + home
  }
}

/// Whether bubblewrap works on this machine: it may be missing, and where users may make no namespaces of
/// their own it cannot do anything.
package enum SandboxProbe: Equatable, Sendable {
  /// It does; its program lies there.
  case works(String)
  /// It does not, for a reason.
  case fails(String)

  /// What a person can do.
  package static let hint =
    "install bubblewrap, and see that 'bwrap --unshare-user --ro-bind / / true' works for you"

  package init(environment: [String: String], directory: String) {
    let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let places = (["/usr/bin"] + path.split(separator: ":").map(String.init)).filter { $0.hasPrefix("/") }
    guard let program = places.map({ $0 + "/bwrap" }).first(where: Files.isExecutable) else {
      self = .fails("bubblewrap is not installed")
      return
    }
    let run = Command(program, Walls.probe, environment: ["PATH": "/usr/bin:/bin"], directory: directory)
    let outcome = try? run.run(outputLimit: 1 << 10)
    guard let outcome, !outcome.status.isSuccess else {
      self = outcome == nil ? .fails("bubblewrap cannot be started") : .works(program)
      return
    }
    let line = outcome.errorText.split(whereSeparator: \.isNewline).first ?? ""
    let words = TerminalText.sanitizedLine(TerminalText.foreign(String(line)))
    self = .fails(words.isEmpty ? "bubblewrap fails" : words)
  }
}

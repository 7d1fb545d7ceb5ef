import Forges
import Git
import Ledger
import Migration
import Plans
import Site
import System

/// Publication in a real repository: the ledger, git, and the remote that the branches go to.
package final class SitePublishing {
  let site: Site
  /// The migration's name.
  package let migration: String
  /// The remote, by its name.
  package let remote: String
  let report: (String) -> Void
  /// The repository of a fleet that it is for.
  private let target: FleetTarget?
  /// Whether the newest base is brought here.
  private let bringsBase: Bool
  private var knownBase: OID?
  private var knownOwners: (commit: OID, owners: CodeOwners?)?

  /// Makes one. Without `bringsBase` the base that is here will do: for who only pushes what was done on it.
  /// Throws when there is no such remote.
  package init(
    _ site: Site, _ migration: String, bringsBase: Bool = true, report: @escaping (String) -> Void
  ) throws(CommandError) {
    (self.site, self.migration, self.report) = (site, migration, report)
    self.bringsBase = bringsBase
    target = try reporting { try site.ledger.read() }.state.migration(named: migration)?.plan.fleet?.target
    remote =
      if let target { target.url } else {
        try reporting { try site.repository.config("migrate.remote") } ?? "origin"
      }
  }

  /// The address of the remote. Throws when it has none.
  package func address() throws(CommandError) -> String {
    if let target { return target.url }
    let isNamed = try reporting { try site.repository.config("remote.\(remote).url") } != nil
    guard isNamed || remote.contains("/") || remote.contains(":") else {
      throw CommandError(
        "there is no remote '\(remote)' to push branches to",
        hint: "add it with 'git remote add \(remote) URL'")
    }
    return GitRemote.pushAddress(remote, in: site.repository)
  }

  /// The same as git pushes to it, by the settings that put one address in another's place.
  package func effectiveAddress() throws(CommandError) -> String {
    let address = try address()
    let isNamed = try reporting { try site.repository.config("remote.\(remote).url") } != nil
    let words = isNamed ? ["remote", "get-url", "--push", remote] : ["ls-remote", "--get-url", address]
    let output = try reporting { try site.git.run(words) }
    let line = output.isSuccess ? output.text.split(whereSeparator: \.isNewline).first : nil
    return line.map(String.init) ?? address
  }

  func ref(_ name: String) -> String { "refs/migrate/remotes/published/\(name)" }

  /// The base in the remote, brought here once; where it cannot be, the one here.
  package func base(_ state: MigrationState) throws(CommandError) -> OID {
    if let knownBase { return knownBase }
    if !bringsBase, let known = try site.tip(of: "refs/heads/\(state.base)") {
      knownBase = known
      return known
    }
    let name = "refs/heads/\(state.publishedBase)"
    let copy = ref("base/\(state.base)")
    var found: OID?
    // Where there is no remote there is the base that is here.
    if let address = try? address() {
      do throws(GitError) {
        try site.git.fetch(from: address, ["+\(name):\(copy)"], deletesGone: false)
      } catch {
        report("the base of '\(AddressText.withoutPasswords(remote))' could not be fetched: \(error)")
      }
      found = try site.tip(of: copy)
    }
    if found == nil { found = try site.tip(of: "refs/heads/\(state.base)") }
    guard let found else { throw site.isMissing(branch: state.base, otherwise: nil) }
    knownBase = found
    return found
  }

  // MARK: What is merged

  /// The steps that are merged, in the order of the integration branch, with what they changed.
  package func merged(_ state: MigrationState) throws(CommandError) -> [MergedStep] {
    guard let tip = try site.tip(of: state.intoRef) else { throw site.isGone(state) }
    var steps: [OID: String] = [:]
    for step in state.steps {
      if case .merged(let commit?) = step.phase { steps[commit.oid] = step.id }
    }
    return try reporting { () throws -> [MergedStep] in
      let repository = site.repository
      let commits = try repository.commits(
        from: tip, excluding: [state.start.oid], firstParentOnly: !state.peopleShareBranch)
      var merged: [MergedStep] = []
      for commit in commits.reversed() {
        guard let step = steps[commit], let parent = try repository.commit(commit).parents.first else {
          continue
        }
        let changes = try repository.changes(
          from: repository.treeOf(commit: parent), to: repository.treeOf(commit: commit))
        merged.append(MergedStep(step: step, commit: commit.objectID, files: changes.map(\.path)))
      }
      return merged
    }
  }

  /// Who owns which files, as the base says; `nil` when nobody asks, or there is no such file.
  package func owners(_ state: MigrationState) throws(CommandError) -> CodeOwners? {
    let policy = state.plan.publish ?? PublishPolicy()
    guard let path = state.plan.owners ?? (policy.unit == .owner || policy.asksOwners ? "CODEOWNERS" : nil)
    else { return nil }
    let base = try self.base(state)
    if let knownOwners, knownOwners.commit == base { return knownOwners.owners }
    let places = path == "CODEOWNERS" ? CodeOwners.places : [path]
    let found = try reporting { () throws -> CodeOwners? in
      let tree = try site.repository.treeOf(commit: base)
      for place in places {
        guard let entry = try site.repository.entry(at: place, inTree: tree) else { continue }
        return CodeOwners(String(decoding: try site.repository.blob(entry.oid), as: UTF8.self))
      }
      return nil
    }
    if found == nil { report("'\(state.base)' has no file '\(path)': nobody is known to own anything") }
    knownOwners = (base, found)
    return found
  }

  /// The units of what is merged.
  package func proposed(_ state: MigrationState) throws(CommandError) -> [ProposedUnit] {
    state.proposedUnits(try merged(state), owners: try owners(state))
  }

  // MARK: The commit of a unit

  func built(_ unit: ProposedUnit, _ state: MigrationState) throws(CommandError) -> BuiltUnit {
    let base = try base(state)
    if unit.steps.isEmpty {
      guard let tip = try site.tip(of: state.intoRef) else { throw site.isGone(state) }
      if try site.isAncestor(tip, of: base) {
        return .hindered("all of it is in '\(state.publishedBase)' already")
      }
      return .commit(tip.objectID)
    }
    let steps = unit.steps.compactMap { id -> ObjectID? in
      guard case .merged(let commit?) = state.step(id)?.phase else { return nil }
      return commit
    }
    let repository = site.repository
    return try reporting { () throws -> BuiltUnit in
      let baseTree = try repository.treeOf(commit: base)
      var tree = baseTree
      var newest: Int64 = 0
      for step in steps {
        let commit = try repository.commit(step.oid)
        guard let parent = commit.parents.first else { continue }
        newest = max(newest, commit.committer.seconds)
        let merge = try repository.mergeTrees(
          ancestorTree: repository.treeOf(commit: parent), oursTree: tree,
          theirsTree: repository.treeOf(commit: step.oid))
        switch merge {
        case .clean(let next): tree = next
        case .conflicts(let paths):
          guard let resolved = try self.resolved(unit, state, base: base, tree: baseTree) else {
            let words = paths.prefix(3).joined(separator: ", ")
            return .hindered(
              "it conflicts with '\(state.publishedBase)' in \(words), and follows once that is taken in, by "
                + "'git migrate refresh' or a step of its own")
          }
          return .commit(try self.write(resolved, unit, state, base: base, at: newest))
        }
      }
      if tree == baseTree { return .hindered("all of it is in '\(state.publishedBase)' already") }
      return .commit(try self.write(tree, unit, state, base: base, at: newest))
    }
  }

  /// The commit, on the branch as it is or, at first, on the base. The same work gives the same commit.
  private func write(
    _ tree: OID, _ unit: ProposedUnit, _ state: MigrationState, base: OID, at seconds: Int64
  ) throws -> ObjectID {
    let repository = site.repository
    var parents = [base]
    if let head = state.publications[unit.unit]?.head {
      if try repository.treeOf(commit: head.oid) == tree, try site.isAncestor(base, of: head.oid) {
        return head
      }
      parents = try site.isAncestor(base, of: head.oid) ? [head.oid] : [head.oid, base]
    }
    let words = try words(of: unit, state)
    let lines =
      unit.steps.map { "Migrate-Step: \(state.name)/\($0)" } + ["Migrate-Unit: \(state.name)/\(unit.unit)"]
    let message = "\(words.title)\n\n\(lines.joined(separator: "\n"))\n"
    let identity = try site.identity().at(seconds)
    return try repository.writeCommit(
      tree: tree, parents: parents, message: message, author: identity.author, committer: identity.committer
    ).objectID
  }

  /// Title and text of a unit's pull request, by the plan's templates where it has some.
  package func words(
    of unit: ProposedUnit, _ state: MigrationState
  ) throws(CommandError) -> (title: String, body: String) {
    let evidence = PublicationEvidence(unit, state)
    let policy = state.plan.publish ?? PublishPolicy()
    func render(_ template: String?, _ ordinary: String) throws(CommandError) -> String {
      guard let template else { return ordinary }
      do throws(TemplateFault) {
        return try Template(parsing: template).render(evidence.values)
      } catch {
        throw CommandError("the template of 'publish' cannot be rendered: \(error)")
      }
    }
    let title = try render(policy.title, evidence.title)
    let line = title.split(whereSeparator: \.isNewline).first.map(String.init) ?? evidence.title
    return (String(line.prefix(200)), try render(policy.body, evidence.body))
  }
}

extension SitePublishing: PublishingWorld {
  package func state() throws(PublishError) -> MigrationState {
    let name = migration
    return try publishing { () throws(CommandError) in
      let state = try reporting { try site.ledger.read() }.state
      guard let found = state.migration(named: name) else { throw CommandError(.noMigration(name)) }
      return found
    }
  }

  package func now() -> Timestamp {
    let last = (try? site.ledger.read())?.state.at ?? Timestamp(milliseconds: 0)
    return max(site.clock.now(), last)
  }

  package func moment() -> WeekMoment {
    let now = now()
    return WeekMoment(now, offset: LocalTime(seconds: now.seconds)?.secondsEastOfUTC ?? 0)
  }

  package func record(_ change: Migration.Change) throws(PublishError) -> Refusal? {
    let name = change.isOfNone ? FormatVersion.everyMigration : migration
    return try publishing { () throws(CommandError) in
      try Interpreter(site: site, report: report).append([Proposal(name, change)], by: site.actor).refusal
    }
  }

  package func units(_ state: MigrationState) throws(PublishError) -> [ProposedUnit] {
    try publishing { () throws(CommandError) in try proposed(state) }
  }

  package func build(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> BuiltUnit {
    try publishing { () throws(CommandError) in try built(unit, state) }
  }

  package func tip(of branch: String) throws(PublishError) -> ObjectID? {
    try publishing { () throws(CommandError) in
      let address = try address()
      let output = try reporting {
        try site.git.run([
          "-c", "protocol.git.allow=user", "ls-remote", "--quiet", "--refs", "--", address,
          "refs/heads/\(branch)",
        ])
      }
      guard output.isSuccess else {
        let words = GitWords.reason(in: output.errorText) ?? "no answer"
        let name = AddressText.withoutPasswords(remote)
        throw CommandError("unable to list the branches of '\(name)': \(TerminalText.sanitizedLine(words))")
      }
      for line in output.text.split(whereSeparator: \.isNewline) {
        let fields = line.split(separator: "\t")
        if fields.count == 2, fields[1] == "refs/heads/\(branch)" { return ObjectID(String(fields[0])) }
      }
      return nil
    }
  }

  package func push(
    _ branch: String, from old: ObjectID?, to new: ObjectID
  ) throws(PublishError) -> PushedBranch {
    try publishing { () throws(CommandError) in
      let update = GitProgram.PushUpdate(ref: "refs/heads/\(branch)", to: new.oid, from: old?.oid)
      switch try reporting({ try site.git.push(to: try address(), [update], hooks: .effective) }) {
      case .won: return .moved
      case .lost: return .stale
      case .rejected(let words), .unknown(let words): return .rejected(TerminalText.sanitizedLine(words))
      }
    }
  }

  package func contains(
    _ tip: ObjectID, _ commit: ObjectID, branch: String
  ) throws(PublishError) -> Bool {
    try publishing { () throws(CommandError) in
      let copy = ref("seen/\(branch)")
      let address = try address()
      try reporting {
        try site.git.fetch(from: address, ["+refs/heads/\(branch):\(copy)"], deletesGone: false)
      }
      guard try reporting({ try site.repository.objectExists(commit.oid) }),
        try reporting({ try site.repository.objectExists(tip.oid) })
      else { return false }
      return try site.isAncestor(commit.oid, of: tip.oid)
    }
  }

  package func merge(of commit: ObjectID, _ state: MigrationState) throws(PublishError) -> ObjectID? {
    // What was pushed just now is not in a base of earlier.
    guard bringsBase else { return nil }
    return try publishing { () throws(CommandError) in try inBase(commit.oid, state)?.objectID }
  }

  package func failures(in log: FailedLog) -> [String] { found(in: log) }

  package func has(_ commit: ObjectID) throws(PublishError) -> Bool {
    try publishing { () throws(CommandError) in
      try reporting { try site.repository.objectExists(commit.oid) }
    }
  }

  package var claim: (holder: String, owner: Owner) { (site.actor, site.owner) }

  package func isDead(_ owner: Owner) -> Bool { Site.isProvablyDead(owner) }

  package func words(
    _ unit: ProposedUnit, _ state: MigrationState
  ) throws(PublishError) -> (title: String, body: String) {
    try publishing { () throws(CommandError) in try words(of: unit, state) }
  }

  package func tell(_ line: String) { report(line) }

  package func wait(seconds: Int) { _ = Poller().wait(milliseconds: seconds * 1000) }
}

/// Does a thing that says what is wrong as a command does, for who says it as a forge's client.
func publishing<Value>(_ body: () throws(CommandError) -> Value) throws(PublishError) -> Value {
  do throws(CommandError) { return try body() } catch {
    throw PublishError(error.message, hint: error.hint)
  }
}

import Migration

/// The pull request of a unit: found or opened, looked after, made ready, mended.
extension Publisher {
  /// Finds the pull request of a unit, or opens it.
  func open(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let forge else { return try lookInGit(unit, state) }
    let name = branch(unit, state)
    let answer = try asking(unit) { () throws(ForgeError) -> PullRequest? in try forge.find(branch: name) }
    guard let found = answer else { return false }
    if let found, !found.isOpen {
      return try end(unit, state, isMerged: found.state == .merged, number: found.number)
    }
    let words = try world.words(unit, state)
    let body = marked(words, unit, state)
    let request = try asking(unit) { () throws(ForgeError) -> PullRequest in
      let request: PullRequest
      if let found {
        request = found
        try self.freshen(forge, found.number, (found.title, found.body), words.title, body)
      } else {
        request = try self.create(forge, unit, state, title: words.title, body: body)
      }
      try self.decorate(forge, unit, state, request.number)
      return request
    }
    guard let request else { return try noteGone(unit, name) }
    // A draft that the plan does not ask for is a person's.
    let isDraft = request.state == .draft && (state.plan.publish ?? PublishPolicy()).isDraft(unit.unit)
    let isNoted = try note(
      .opened(
        unit: unit.unit, forge: forge.host, number: request.number, url: request.url, isDraft: isDraft), unit)
    // Nobody has said anything of what was opened just now.
    return isNoted && found != nil
  }

  /// A forge that opens nothing may have no such branch any more: people took it away, which is theirs.
  private func noteGone(_ unit: ProposedUnit, _ name: String) throws(PublishError) -> Bool {
    guard case .refused? = objection else { return false }
    do throws(PublishError) {
      if try world.tip(of: name) != nil { return false }
    } catch {
      return false
    }
    _ = try note(.lost(unit: unit.unit, reason: "'\(name)' was taken away"), unit)
    return false
  }

  private func marked(
    _ words: (title: String, body: String), _ unit: ProposedUnit, _ state: MigrationState
  ) -> String {
    PublicationText.marked(words.body, title: words.title, unit: unit.unit, of: state.name)
  }

  private func create(
    _ forge: any Forge, _ unit: ProposedUnit, _ state: MigrationState, title: String, body: String
  ) throws(ForgeError) -> PullRequest {
    let policy = state.plan.publish ?? PublishPolicy()
    let name = branch(unit, state)
    let draft = PullRequestDraft(
      branch: name, base: base, title: title, body: body, isDraft: policy.isDraft(unit.unit),
      notAfter: claimedUntil?.adding(seconds: -Publisher.answerSeconds))
    do throws(ForgeError) {
      return try forge.create(draft)
    } catch {
      // Ours of a moment ago, whose answer did not arrive, or somebody else's.
      guard case .exists = error, let found = try forge.find(branch: name) else { throw error }
      return found
    }
  }

  /// Labels and reviewers, which nothing depends on: what the forge does not want is told. What was not
  /// heard, or not now, is due again: nothing is recorded yet.
  private func decorate(
    _ forge: any Forge, _ unit: ProposedUnit, _ state: MigrationState, _ number: Int
  ) throws(ForgeError) {
    let policy = state.plan.publish ?? PublishPolicy()
    let reviewers = policy.reviewers + (policy.asksOwners ? unit.owners : [])
    do throws(ForgeError) {
      if !policy.labels.isEmpty { try forge.addLabels(policy.labels, to: number) }
    } catch { try warn("#\(number) of '\(unit.unit)' has no labels", error) }
    do throws(ForgeError) {
      if !reviewers.isEmpty { try forge.ask(reviewers, about: number) }
    } catch { try warn("nobody was asked to review #\(number) of '\(unit.unit)'", error) }
  }

  private func warn(_ words: String, _ error: ForgeError) throws(ForgeError) {
    switch error {
    case .rests, .unknown, .unauthorized: throw error
    case .exists, .refused, .late: world.tell("warning: \(words): \(error)")
    }
  }

  /// Brings text and title up to date, where nobody has written in them.
  private func freshen(
    _ forge: any Forge, _ number: Int, _ found: (title: String, body: String), _ title: String, _ body: String
  ) throws(ForgeError) {
    guard PublicationText.isOurs(found.body), PublicationText.differs(body, from: found.body) else { return }
    let isOurs = PublicationText.isOurs(title: found.title, with: found.body)
    try forge.setText(title: isOurs && title != found.title ? title : nil, body: body, of: number)
  }

  // MARK: What becomes of it

  /// Asks the forge what became of a pull request.
  func look(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) {
    guard let known = state.publications[unit.unit], let request = known.request else { return }
    guard let forge = asked(request) else {
      if try !lookInGit(unit, state) { leaveElsewhere(unit, request) }
      return
    }
    let answer = try asking(unit) { () throws(ForgeError) -> ForgeSight in try forge.look(request.number) }
    guard let found = answer else { return }
    if found.sight.state == "merged" || found.sight.state == "closed" {
      let isMerged = found.sight.state == "merged"
      _ = try end(unit, state, isMerged: isMerged, merge: found.merge, number: request.number)
      return
    }
    try note(found, unit, known)
    if unit.isWithdrawn {
      return leave(unit, "all that #\(request.number) offers was undone: close it, or do the steps again")
    }
    let words = try world.words(unit, try world.state())
    let body = marked(words, unit, state)
    _ = try asking(unit) { () throws(ForgeError) in
      try self.freshen(forge, request.number, (found.title, found.body), words.title, body)
    }
    guard let head = found.sight.head, let own = known.head, head != own else { return try follow(unit) }
    // People, or the forge for them, have moved it.
    if try world.tip(of: branch(unit, state)) == head {
      _ = try note(.moved(unit: unit.unit, commit: head, people: true), unit)
    }
  }

  /// The forge, where it is the one that a pull request is at: at another one its number is that of something
  /// else.
  private func asked(_ request: Publication.Request) -> (any Forge)? {
    forge.flatMap { ForgePlace.isSame($0.host, request.forge) ? $0 : nil }
  }

  /// Says that a pull request is not where the branches go now.
  private func leaveElsewhere(_ unit: ProposedUnit, _ request: Publication.Request) {
    guard let forge else { return }
    leave(
      unit,
      "#\(request.number) is at '\(request.forge)', and the branches go to '\(forge.host)' now: "
        + "look after it there")
  }

  private func note(_ found: ForgeSight, _ unit: ProposedUnit, _ known: Publication) throws(PublishError) {
    var sight = found.sight
    sight.failures = Array(sight.failures.prefix(PublicationSight.mostFailures))
    if sight != known.seen { _ = try note(.seen(unit: unit.unit, sight), unit) }
  }

  /// Whether a unit's work is in the base, which git alone can tell.
  private func lookInGit(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let head = state.publications[unit.unit]?.head, let merge = try world.merge(of: head, state) else {
      return false
    }
    return try note(.merged(unit: unit.unit, commit: merge), unit)
  }

  /// Records how a pull request ended. What people have brought into the base by their own ways, and then
  /// closed, is merged; where a forge does not say by which commit, git does.
  private func end(
    _ unit: ProposedUnit, _ state: MigrationState, isMerged: Bool, merge: ObjectID? = nil, number: Int
  ) throws(PublishError) -> Bool {
    let head = state.publications[unit.unit]?.head
    var commit = isMerged ? merge : nil
    if commit == nil, let head { commit = try world.merge(of: head, state) }
    if let commit = commit ?? (isMerged ? head ?? .zero : nil) {
      return try note(.merged(unit: unit.unit, commit: commit), unit)
    }
    return try note(.closed(unit: unit.unit, reason: "#\(number) is closed"), unit)
  }

  /// What was just seen may ask for something.
  private func follow(_ unit: ProposedUnit) throws(PublishError) {
    let state = try world.state()
    switch state.standing(of: unit, at: world.now(), world.moment()) {
    case .fix: _ = try fix(unit, state)
    case .ready: _ = try makeReady(unit, state)
    case .push: _ = try push(unit, state)
    case .settle, .open, .look, .later, .waits, .people, .ended: break
    }
  }

  /// Makes a draft ready, and looks whether it is.
  func makeReady(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let known = state.publications[unit.unit], let request = known.request else { return false }
    guard let forge = asked(request) else {
      leaveElsewhere(unit, request)
      return false
    }
    let number = request.number
    let answer = try asking(unit) { () throws(ForgeError) -> ForgeSight in
      try forge.makeReady(number)
      return try forge.look(number)
    }
    guard let answer else { return false }
    if answer.sight.state == "open" { world.tell("\(unit.unit): #\(number) is no draft any longer") }
    try note(answer, unit, known)
    return false
  }

  // MARK: Mending

  /// Adds a step that mends a unit, and tells it what failed: what the forge says, and what the logs of its
  /// jobs do.
  func fix(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let seen = state.publications[unit.unit]?.seen else { return false }
    let logged = try logged(unit, state)
    let said = seen.failures.isEmpty ? [seen.words] : seen.failures
    let failures =
      Array(said.prefix(logged.isEmpty ? said.count : PublicationSight.mostFailures / 2)) + logged
    let step = state.fixID(of: unit.unit)
    if let refusal = try world.record(
      .publication(
        .fixAdded(
          unit: unit.unit, step: step, failures: Array(failures.prefix(PublicationSight.mostFailures)))))
    {
      leave(unit, refusal.message)
      return false
    }
    world.tell("\(unit.unit) gets the step '\(step)': \(failures.first ?? "")")
    return false
  }

  /// What the logs of the failed jobs say. Without them the step is told less, and that is all.
  private func logged(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> [String] {
    guard let known = state.publications[unit.unit], known.seen?.checks == .red,
      let head = known.head, let request = known.request, let forge = asked(request)
    else { return [] }
    let number = request.number
    let logs: [FailedLog]
    do throws(ForgeError) { logs = try forge.failedLogs(of: number, at: head) } catch {
      world.tell("\(unit.unit): the logs of #\(number) could not be read: \(error)")
      return []
    }
    var (lines, room) = ([String](), Publisher.roomForLogs)
    for log in logs {
      for failure in log.findings + world.failures(in: log) {
        let line = "\(log.job): \(failure)"
        room -= line.utf8.count
        guard room >= 0 else { return lines }
        if !lines.contains(line) { lines.append(line) }
      }
    }
    return lines
  }

  /// How much of what logs say a step is told, in bytes.
  private static let roomForLogs = 16 << 10
}

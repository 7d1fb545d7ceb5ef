import CanonicalJSON

/// What people are still to be told of a migration, and what they were told that still waits for them: the
/// entry that brings something about puts it here, so that nothing is lost between the two, and whoever sends
/// it records that.
public struct NoticeBook: Equatable, Sendable {
  /// The number of the newest item.
  public var last = 0
  /// The items, oldest first.
  public var items: [NoticeItem] = []
  /// Who sends some of them now.
  public var notifier: NotifierClaim?
  /// When something was sent last.
  public var sentAt: Timestamp?
  /// The ways to people that did not work when they were used last.
  public var failing: [FailingChannel] = []
  /// How often nothing could be sent in a row, and before when it is not tried again.
  public var (tries, retryAt): (Int, Timestamp?) = (0, nil)

  /// How many items are kept; the oldest go. `status` says what they are about all the same.
  public static let most = 200
  /// How many names of ways that fail are kept.
  public static let mostFailing = 20

  /// Nothing is to be told.
  public init() {}

  /// Whether there is nothing.
  public var isEmpty: Bool { self == NoticeBook() }

  /// An item by its number.
  public subscript(number: Int) -> NoticeItem? { items.first { $0.number == number } }

  /// The way that failed, and until when nothing more is tried, while something waits for that.
  public func waiting(at now: Timestamp) -> (channel: String, reason: String, until: Timestamp)? {
    let times = [retryAt].compactMap(\.self) + items.compactMap(\.retryAt)
    guard let failed = failing.last, let until = times.filter({ now < $0 }).min() else { return nil }
    return (failed.channel, failed.reason, until)
  }

  /// Adds something; what is about the same has been overtaken.
  mutating func add(_ notice: Notice, cause: String?, at: Timestamp) {
    last += 1
    let item = NoticeItem(number: last, notice: notice, cause: cause, at: at)
    items.removeAll { $0.isAbout(item) }
    items.append(item)
    if items.count > Self.most { items.removeFirst(items.count - Self.most) }
  }

  /// Another step is stopped by a cause that was told: its owner may not know.
  mutating func noteMore(of cause: String) {
    guard let index = items.lastIndex(where: { $0.cause == cause && $0.toldAt != nil }) else { return }
    (items[index].hasMore, items[index].retryAt) = (true, nil)
  }

  /// That the base is held is no news any more: it came in.
  mutating func dropBaseHeld() {
    items.removeAll { if case .baseHeld = $0.notice { true } else { false } }
  }

  /// Notes what became of sending: with no way that worked it is tried again, later each time.
  mutating func note(_ report: NoticeReport, at: Timestamp) {
    notifier = nil
    failing.removeAll { known in
      report.to.contains(known.channel) || report.failed.contains { $0.channel == known.channel }
    }
    failing += report.failed.map { FailingChannel(channel: $0.channel, reason: $0.reason, since: at) }
    if failing.count > Self.mostFailing { failing.removeFirst(failing.count - Self.mostFailing) }
    let isFirst = items.contains { report.notices.contains($0.number) && $0.toldAt == nil }
    if report.to.isEmpty, !report.failed.isEmpty, isFirst {
      retryAt = at.adding(seconds: min(3600, 30 << min(tries, 7)))
      tries += 1
      return
    }
    (tries, retryAt, sentAt) = (0, nil, at)
    let owners = Set(report.to.map(NoticeReport.owner))
    let missed = Set(report.failed.map { NoticeReport.owner($0.channel) }).subtracting(owners)
    for index in items.indices where report.notices.contains(items[index].number) {
      items[index].note(told: owners, missed: !missed.isEmpty, at: at)
    }
  }
}

/// Something that people are to be told.
public struct NoticeItem: Equatable, Sendable {
  /// Its number: 1 for the first of the migration.
  public var number: Int
  /// What it is.
  public var notice: Notice
  /// The cause for which the step is blocked, where there is one.
  public var cause: String?
  /// When it came about.
  public var at: Timestamp
  /// When it was told; `nil` when it was not yet.
  public var toldAt: Timestamp?
  /// Where owners are told of their own steps: whether there is somebody who does not know, as more steps
  /// have come to it since, or no way to that owner worked.
  public var hasMore = false
  /// How often in a row an owner could not be told.
  public var tries = 0
  /// And before when it is not tried again.
  public var retryAt: Timestamp?
  /// And who was told, by their names; an empty one stands for everybody.
  public var toldTo: [String] = []

  /// How much it weighs.
  public var severity: Severity { notice.severity }

  /// Notes whom it was told, and whether an owner is left whom no way has reached: later each time, and in
  /// nobody else's way.
  mutating func note(told owners: Set<String>, missed: Bool, at: Timestamp) {
    toldAt = at
    toldTo = owners.union(toldTo).sorted()
    hasMore = missed
    retryAt = missed ? at.adding(seconds: min(3600, 60 << min(tries, 6))) : nil
    tries = missed ? tries + 1 : 0
  }

  /// Whether it is to be told to somebody who was not told yet.
  func isNews(at now: Timestamp) -> Bool {
    toldAt == nil || hasMore && retryAt.map { now >= $0 } ?? true
  }

  /// Whether the other is about the same.
  func isAbout(_ other: NoticeItem) -> Bool {
    switch (notice, other.notice) {
    case (.stepBlocked(let one, _), .stepBlocked(let two, _)):
      cause == other.cause && (cause != nil || one == two)
    case (.personWanted(let one, _), .personWanted(let two, _)): one == two
    case (.paused, .paused), (.allStepsDone, .allStepsDone), (.baseHeld, .baseHeld): true
    case (.stepBlocked, _), (.personWanted, _), (.paused, _), (.allStepsDone, _), (.baseHeld, _): false
    }
  }
}

/// A way to people that did not work.
public struct FailingChannel: Equatable, Sendable {
  /// Which: its kind, and whose it is where it is an owner's.
  public var channel: String
  /// Why.
  public var reason: String
  /// When that was recorded.
  public var since: Timestamp
}

/// Who sends messages now: one at a time, so that people are told once.
public struct NotifierClaim: Equatable, Sendable {
  /// Who, which process, and until when.
  public var claim: PublisherClaim
  /// The items that are sent.
  public var notices: [Int]

  /// Makes a claim.
  public init(_ claim: PublisherClaim, notices: [Int]) { (self.claim, self.notices) = (claim, notices) }
}

/// What became of sending.
public struct NoticeReport: Equatable, Sendable {
  /// The items.
  public var notices: [Int]
  /// The ways that worked.
  public var to: [String]
  /// Those that did not, and why; in the order of their names, in which an entry has them.
  public private(set) var failed: [Failed]

  /// A way that did not work.
  public struct Failed: Equatable, Sendable {
    /// Which.
    public var channel: String
    /// Why, in one line.
    public var reason: String

    /// Makes one.
    public init(_ channel: String, _ reason: String) { (self.channel, self.reason) = (channel, reason) }
  }

  /// Whose a way is, by what the ledger calls it; empty for everybody's.
  static func owner(_ channel: String) -> String {
    channel.firstIndex(of: " ").map { String(channel[channel.index(after: $0)...]) } ?? ""
  }

  /// Makes a report.
  public init(notices: [Int], to: [String], failed: [Failed] = []) {
    (self.notices, self.to, self.failed) = (notices, to, [])
    for way in failed { note(way) }
  }

  /// Takes note of a way that did not work.
  public mutating func note(_ way: Failed) {
    failed.removeAll { $0.channel == way.channel }
    let place = failed.firstIndex { way.channel.utf8.lexicographicallyPrecedes($0.channel.utf8) }
    failed.insert(way, at: place ?? failed.endIndex)
  }
}

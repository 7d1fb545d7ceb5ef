#if KNOWN_BUGS
  /// The bugs that the project's proofs must catch, built in only with `-DKNOWN_BUGS` and never released
  /// (INVARIANTS, canary).
  public enum KnownBug: String, CaseIterable, Sendable {
    case readCheckWrite = "B1"
    case forcedGenesis = "B2"
    case noNonce = "B3"
    case upToDateIsWin = "B4"
    case errorIsNotApplied = "B5"
    case epochNotChecked = "B6"
    case wallClockExpiry = "B7"
    case timerSurvivesEnd = "B8"
    case verdictOfAnyTree = "B9"
    case intentAfterMove = "B10"
    case lockRemovedByAge = "B11"
    case groupKill = "B12"
    case gateNotRechecked = "B13"
    case unknownEventIgnored = "B14"
    case ignoredFilesStay = "B15"
    case baselineJudgedTwice = "B16"
    case trustAskedOnce = "B17"
    case namesWrittenAsBytes = "B18"
    case leftLockNotNamed = "B19"
    case foreignCommitSpins = "B20"
    case slotNotSetAside = "B21"
    case effectDropped = "B22"
    case gateSlotNotSetAside = "B23"
    case pipesOpened = "B24"
    case resultMovedUnseen = "B25"
    case testsNotCompared = "B26"
    case failingMemberLands = "B41"
    case culpritUnheard = "B42"
    case verdictOfOtherKeep = "B43"
    case wordFallsThrough = "B44"
    case judgeErrorPasses = "B45"
    case draftGoneIsWon = "B46"
    case draftLeftBehind = "B47"

    /// The bug that is switched on: set before anything else runs, by whoever wants it.
    nonisolated(unsafe) public static var active: KnownBug?

    /// Whether this bug is switched on.
    public var isOn: Bool { KnownBug.active == self }
  }
#endif

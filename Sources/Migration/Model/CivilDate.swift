/// A day of the proleptic Gregorian calendar, and which one it is since the Unix epoch (H. Hinnant,
/// "chrono-compatible low-level date algorithms": years that begin in March end with the day that not each
/// one has).
public struct CivilDate: Equatable, Sendable {
  /// The year; 0 is the one before 1.
  public var year: Int
  /// 1 to 12.
  public var month: Int
  /// 1 to 31.
  public var day: Int

  /// Makes one; nothing is checked.
  public init(year: Int, month: Int, day: Int) { (self.year, self.month, self.day) = (year, month, day) }

  /// The day so many days after 1970-01-01, which is not before that.
  public init(daysSinceEpoch days: Int) {
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let index = (5 * dayOfYear + 2) / 153
    month = index < 10 ? index + 3 : index - 9
    day = dayOfYear - (153 * index + 2) / 5 + 1
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// How many days it is after 1970-01-01; of years from 0 on.
  public var daysSinceEpoch: Int {
    let shifted = month <= 2 ? year - 1 : year
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400
    return days + (153 * ((month + 9) % 12) + 2) / 5 + day - 1 - 719_468
  }

  /// The number of a month by the first three letters of its English name, in either case.
  public static func month(named name: some StringProtocol) -> Int? {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return names.firstIndex(of: String(name.prefix(3)).lowercased()).map { $0 + 1 }
  }
}

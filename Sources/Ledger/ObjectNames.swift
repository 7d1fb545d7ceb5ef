import Git
import Migration

extension OID {
  /// The same name as the core knows it. An `OID` always has the 40 digits that an `ObjectID` wants.
  public var objectID: ObjectID { ObjectID(hex) ?? .zero }
}

extension ObjectID {
  /// The same name as git's wrapper knows it.
  public var oid: OID { OID(hex) ?? .zero }
}

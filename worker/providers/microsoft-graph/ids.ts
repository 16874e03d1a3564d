// A personal drive's ids come in varying case, and without their leading zeros; a work drive's are exact.

const PERSONAL_DRIVE_ID = /^[0-9a-f]{1,16}$/i;
const PERSONAL_ITEM_ID = /^([0-9a-f]{1,16})!(.+)$/i;
const PERSONAL_ID_DIGITS = 16;

/** One spelling of a drive's id. */
export function canonicalDriveId(id: string): string {
  return PERSONAL_DRIVE_ID.test(id) ? id.toLowerCase().padStart(PERSONAL_ID_DIGITS, "0") : id;
}

/** One spelling of an item's id: the usual one, upper case before the mark, lower case after it. */
export function canonicalItemId(id: string): string {
  const [, drive, item] = PERSONAL_ITEM_ID.exec(id) ?? [];
  if (drive === undefined || item === undefined) return id;
  return `${drive.toUpperCase().padStart(PERSONAL_ID_DIGITS, "0")}!${item.toLowerCase()}`;
}

export function isPersonalDrive(driveId: string): boolean {
  return PERSONAL_DRIVE_ID.test(driveId);
}

/** Which folder holds which tenant name. The first to have it keeps it. */

/** Holders of names after a change. */
export interface Assignment {
  /** Folder by tenant name. */
  readonly holders: ReadonlyMap<string, string>;
  /** Folders that did not get the name they wish for, with the folder that has it. They keep the name they had. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Applies wishes (name by folder, in order of precedence) to `holders`, all at once: a name that its holder gives up in
 * the same change is free, so that two folders can swap names. Folders in `gone` give up theirs. A wish that is refused
 * leaves its folder with its old name, which may in turn refuse another wish.
 */
export function assignNames(
  holders: ReadonlyMap<string, string>,
  gone: ReadonlySet<string>,
  wishes: ReadonlyMap<string, string>,
): Assignment {
  const refused = new Map<string, string>();
  for (;;) {
    const stays = (name: string, folder: string): boolean => {
      const wish = wishes.get(folder) ?? name;
      return !gone.has(folder) && (wish === name || refused.has(folder));
    };
    const kept = [...holders].filter(([name, folder]) => stays(name, folder));
    const next = new Map(kept);
    const before = refused.size;
    for (const [folder, name] of wishes) {
      const holder = next.get(name);
      if (refused.has(folder)) continue;
      if (holder === undefined) next.set(name, folder);
      else if (holder !== folder) refused.set(folder, holder);
    }
    if (refused.size === before) return { holders: next, refused };
  }
}

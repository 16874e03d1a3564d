// How far a sync's catalogue has been planned again. No I/O.

export interface ReplanState {
  phase:
    | "none"
    /** Looking for selected paths whose ids are not known yet. */
    | "resolving"
    /** Counting the contents that would leave the mirror: too many wait for a decision. */
    | "counting"
    /** Planning, and contents that are no longer wanted go; or they are held. */
    | "dropping"
    | "holding";
  /** Counts the requests: a step that began under an older one does not move on the newer. */
  version: number;
  /** False: only if a path is found. */
  scan: boolean;
  /** Whether a person has changed the rules. */
  afresh: boolean;
  /** Counted so far. */
  contents: number;
  drops: number;
  /** Whether the last pass left items whose folders are not all known. */
  unplaced: boolean;
  /** What the round that is under way has made necessary at its end. */
  atRoundsEnd: "nothing" | "paths" | "all";
  /** Contents that have left the mirror in this round by what its pages reported. */
  roundDrops: number;
  /** How far what failed has been gone through, where all of it is tried again: by remote id. */
  failedAfter: string;
  /** Whether a step is under way that takes up what failed. */
  trying: boolean;
}

export const NO_REPLAN: ReplanState = {
  phase: "none",
  version: 0,
  scan: true,
  afresh: false,
  contents: 0,
  drops: 0,
  unplaced: false,
  atRoundsEnd: "nothing",
  roundDrops: 0,
  failedAfter: "",
  trying: false,
};

/** A request over what is under way: what that had still to do, this one does too. */
export function requested(state: ReplanState, request: { scan: boolean; afresh: boolean }): ReplanState {
  const underWay = state.phase !== "none";
  return {
    ...state,
    phase: "resolving",
    version: state.version + 1,
    scan: request.scan || (underWay && state.scan),
    afresh: request.afresh || (underWay && state.afresh),
    contents: 0,
    drops: 0,
    atRoundsEnd: request.scan || state.atRoundsEnd !== "all" ? "nothing" : "all",
  };
}

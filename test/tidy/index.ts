import { checkAmbient, checkNetwork, checkSql, checkState, checkStyle } from './bans.ts'
import { checkDocuments, checkFolders, checkMachine, checkRooms } from './folders.ts'
import { checkCycles, checkDoors, checkLayers } from './layers.ts'
import { checkLoading } from './loading.ts'
import type { Law } from './project.ts'
import { checkFileSizes, checkFunctions } from './sizes.ts'

export { createProject, readProject, type Finding, type Project, type TextFile } from './project.ts'

/** The laws of the house, by the sentence each one keeps. */
export const laws = {
  'imports point down, and the rooms do not know each other': checkLayers,
  'a folder is entered by its index.ts': checkDoors,
  'no module holds state': checkState,
  'the environment, the clock and chance are given, not taken': checkAmbient,
  'only egress opens outgoing connections': checkNetwork,
  'SQL stands in store/ and in files named store.ts': checkSql,
  'no imports go round in a circle at run time': checkCycles,
  'a command loads what it needs, when it is called': checkLoading,
  'a file has at most 400 lines': checkFileSizes,
  'a function has at most 70 lines and 3 parameters': checkFunctions,
  'every capability folder has a page, a door and a test': checkFolders,
  'every room is lived in': checkRooms,
  'the documents a reader looks for are there': checkDocuments,
  'nothing tells of the machine it was made on': checkMachine,
  'the style is kept: named exports, no enum, no any, no !, no console': checkStyle,
} as const satisfies Record<string, Law>

export type LawName = keyof typeof laws

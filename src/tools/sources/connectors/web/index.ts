export { createWebConnector, type WebOptions } from './crawl.ts'
export { readRobots, type Robots } from './robots.ts'

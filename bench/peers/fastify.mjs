// A pass-through as one would write it with Fastify: prints its port, relays every POST to the origin in argv.
import fastify from 'fastify'
import { Pool } from 'undici'

const pool = new Pool(process.argv[2], { connections: 512, pipelining: 1 })
const app = fastify({ logger: false, bodyLimit: 33_554_432 })
app.addContentTypeParser('*', (request, payload, done) => done(null, payload))
app.removeContentTypeParser('application/json')

app.post('/*', async (request, reply) => {
  const { host, connection, 'transfer-encoding': _, ...headers } = request.headers
  const answer = await pool.request({ method: 'POST', path: request.url, headers, body: request.body })
  const { connection: __, 'keep-alive': ___, 'transfer-encoding': ____, ...answerHeaders } = answer.headers
  return reply.code(answer.statusCode).headers(answerHeaders).send(answer.body)
})

await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${JSON.stringify({ port: app.server.address().port })}\n`)

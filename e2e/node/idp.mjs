// The identity provider of the tests: the certified oidc-provider, with switches to misbehave.
//
//   node idp.mjs CERTIFICATE KEY [DRESS]
//
// DRESS makes its issuer and tokens look like those of `google`, `entra`, `okta` or `keycloak`. It
// prints one line of JSON with its issuer and the address of its switches, and ends with its standard input.
// The switches take POST requests with JSON:
//   /close, /open        stop answering on the issuer's port, and start again on the same port
//   /rotate              publish a new key and sign with it; the old one is gone
//   /misbehave           {"/path": "html" | "drop" | "unavailable"}, by the start of the path; {} ends it
//   GET /requests        how often each path was asked for
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import process from 'node:process';
import Provider from 'oidc-provider';

const [certificate, key] = process.argv.slice(2, 4).map((path) => readFileSync(path));

// What the issuer's path is, and what the provider says about people, by whom it looks like.
const tenant = '8a3d1f6e-1111-4222-8333-944455556666';
const dresses = {
  plain: { path: '', subject: ({ email }) => email, claims: ({ number, ...person }) => person },
  google: {
    path: '',
    subject: ({ number }) => `11421234567890123${number}`,
    claims: ({ email, email_verified, name }) => ({ email, email_verified, name, hd: email.split('@')[1] }),
  },
  // No e-mail address unless an administrator adds the optional claim.
  entra: {
    path: `/${tenant}/v2.0`,
    subject: ({ number }) => `AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bb${number}`,
    claims: ({ email, name, number, groups }) => ({ preferred_username: email, name, oid: uuid(number), tid: tenant, roles: groups, ver: '2.0' }),
  },
  okta: {
    path: '/oauth2/default',
    subject: ({ number }) => `00uid4BxXw6I6TV4${number}`,
    claims: ({ email, email_verified, groups }) => ({ email, email_verified, preferred_username: email, groups: ['Everyone', ...groups], ver: 1 }),
  },
  keycloak: {
    path: '/realms/staff',
    subject: ({ number }) => uuid(number),
    claims: ({ email, email_verified, groups }) => ({ email, email_verified, preferred_username: email.split('@')[0], realm_access: { roles: ['offline_access', ...groups] }, typ: 'ID' }),
  },
};
const dress = dresses[process.argv[4] ?? 'plain'];
const uuid = (number) => `f81d4fae-7dec-41d0-a765-00a0c91e${number}`;

// Everybody's password is accepted: what is tested is what the CA makes of the identity. People log in with their `sub`.
const people = Object.fromEntries([
  { email: 'alice@a.com', number: 1001, email_verified: true, name: 'Alice', groups: ['staff', 'ca-admins'] },
  { email: 'bob@b.com', number: 1002, email_verified: true, name: 'Bob', groups: ['staff'] },
  { email: 'me@a.com', number: 1003, email_verified: true, name: 'Me', groups: ['staff'] },
  { email: 'eve@a.com', number: 1004, email_verified: false, name: 'Eve', groups: [] },
  { email: 'mallory@a.com.evil.test', number: 1005, email_verified: true, name: 'Mallory', groups: [] },
].map((person) => [dress.subject(person), person]));

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

function newProvider(issuer) {
  const native = {
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: ['http://127.0.0.1', 'http://localhost', 'http://[::1]'],
    response_types: ['code'],
  };
  const provider = new Provider(issuer, {
    clients: [
      { ...native, client_id: 'rung', client_secret: 'loopback-secret', token_endpoint_auth_method: 'client_secret_post' },
      { ...native, client_id: 'rung-public', token_endpoint_auth_method: 'none' },
    ],
    claims: {
      openid: ['sub', 'oid', 'tid', 'hd', 'typ', 'ver', 'roles', 'realm_access'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username'],
      groups: ['groups'],
    },
    // The claims of a scope go into the id token, as the large providers do it.
    conformIdTokenClaims: false,
    cookies: { keys: [randomUUID()] },
    features: { devInteractions: { enabled: true }, deviceFlow: { enabled: true } },
    findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...dress.claims(people[id]) }) },
    jwks: { keys: [newKey()] },
    pkce: { required: () => true },
    ttl: { AccessToken: 300, IdToken: 300, Interaction: 300, Grant: 300, Session: 300, DeviceCode: 300, RefreshToken: 300 },
  });
  provider.on('server_error', (_context, error) => console.error(error));
  return provider;
}

let provider;
let misbehaviour = {};
const requests = {};

const server = createServer({ cert: certificate, key }, (request, response) => {
  if (dress.path && !request.url.startsWith(dress.path)) return response.writeHead(404).end();
  // The provider is mounted below the path of its issuer, and makes its addresses from this.
  request.originalUrl = request.url;
  request.url = request.url.slice(dress.path.length) || '/';
  const path = new URL(request.url, 'https://any').pathname;
  requests[path] = (requests[path] ?? 0) + 1;
  const [, kind] = Object.entries(misbehaviour).find(([start]) => path.startsWith(start)) ?? [];
  switch (kind) {
    case 'drop':
      return request.socket.destroy();
    case 'html':
      return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title><h1>It works!</h1>');
    case 'unavailable':
      return response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":"temporarily_unavailable"}');
    default:
      return provider.callback()(request, response);
  }
});

const listen = (listener, port) => new Promise((resolve) => { listener.listen(port, '127.0.0.1', () => resolve(listener.address().port)); });
const port = await listen(server, 0);
const issuer = `https://127.0.0.1:${port}${dress.path}`;
provider = newProvider(issuer);

const switches = {
  '/close': () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }),
  '/open': () => listen(server, port),
  '/rotate': () => { provider = newProvider(issuer); },
  '/misbehave': (body) => { misbehaviour = body; },
  '/requests': () => requests,
};

const control = createPlainServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const answer = await switches[request.url]?.(text ? JSON.parse(text) : {});
  response.writeHead(request.url in switches ? 200 : 404, { connection: 'close' }).end(JSON.stringify(answer ?? {}));
});
const controlPort = await listen(control, 0);

console.log(JSON.stringify({ issuer, control: `127.0.0.1:${controlPort}` }));
process.stdin.resume().on('end', () => process.exit(0));

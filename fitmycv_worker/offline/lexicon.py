"""Words that tell a job title from an employer, a school from a town, in four languages."""

import re
from functools import lru_cache
from pathlib import Path

from fitmycv_admin.domain.cvs import ladders, wording
from fitmycv_worker.pipelines.pdf_import import countries

DATA = Path(__file__).parent / "data"

_TITLE = re.compile(
    r"""(?:^|\s)(?:
    engineer\w*|developer\w*|developpeu\w+|entwickler\w*|desarrollador\w*|programador\w*|programmeu\w*|programmer\w*
    |ingenieu\w*|ingenier[oa]s?|manager\w*|managing|director\w*|directeur\w*|directrice\w*|direktor\w*|direccion|head|chef
    |cheffe|leiter\w*|leitung|\w+leiter(?:in)?|\w+leitung|jefe|jefa|responsable\w*|verantwortlich\w*|lead|leader|teamlead\w*
    |consultant\w*|consultor\w*|berater\w*|\w+berater(?:in)?|conseill\w+|asesor\w*|analyst\w*|analyste\w*|analista\w*
    |designer\w*|disenador\w*|gestalter\w*|graphiste\w*|grafiker\w*|architect\w*|architekt\w*|arquitect\w*|architecte\w*
    |administrator\w*|administrateur\w*|administrador\w*|administratri\w+|administrativ[oa]\w*|admin|technicien\w*
    |technician\w*|techniker\w*|\w+techniker(?:in)?|tecnic[oa]s?|mechatroniker\w*|mechaniker\w*|\w+mechaniker(?:in)?
    |mecanic\w+|mecanicien\w*|electricien\w*|elektriker\w*|elektroniker\w*|electricista\w*|electrician\w*|plombier\w*
    |plumber|fontaner[oa]|soudeur\w*|welder|schweisser\w*|soldador\w*|menuisier\w*|tischler\w*|carpinter\w*|macon
    |operator\w*|operateur\w*|operatrice|operari[oa]|bediener\w*|assistant\w*|assistente?\w*|assistenz|asistente\w*
    |auxiliar\w*|aide|secretaire\w*|sekretar\w*|secretari[oa]|secretary|receptionist\w*|receptionniste\w*|recepcionista
    |rezeptionist\w*|comptable\w*|buchhalter\w*|\w+buchhalter(?:in)?|contable\w*|accountant\w*|controller\w*|controleur\w*
    |auditor\w*|auditeur\w*|auditrice|prufer\w*|steuerfach\w*|sachbearbeiter\w*|\w+sachbearbeiter(?:in)?|kaufmann|kauffrau
    |\w+kaufmann|\w+kauffrau|referent\w*|fachkraft|\w+fachkraft|verkaufer\w*|vendeu\w+|vendedor\w*|dependient[ea]|salesperson
    |sales|commercial\w*|comercial\w*|representative|vertreter\w*|vertriebs\w*|aussendienst\w*|einkaufer\w*|acheteu\w*
    |comprador\w*|buyer\w*|infirmier\w*|nurse\w*|krankenschwester|krankenpfleger\w*|pfleger\w*|pflegefach\w*|enfermer[oa]\w*
    |\w+pfleger(?:in)?|medecin\w*|doctor|physician|arzt|arztin|medico|medica|aide-soignant\w*|soignant\w*|pharmacien\w*
    |apotheker\w*|farmaceutic\w*|pharmacist|teacher\w*|professeur\w*|enseignant\w*|lehrer\w*|\w+lehrer(?:in)?|profesor\w*
    |maestr[oa]|docente|lecturer|tutor\w*|trainer\w*|formateur\w*|formatrice|formador\w*|dozent\w*|educat\w+|educador\w*
    |erzieher\w*|researcher\w*|chercheu\w+|investigador\w*|forscher\w*|scientist\w*|wissenschaftler\w*|cientific\w*|fellow
    |mitarbeiter\w*|\w+mitarbeiter(?:in)?|employee|employe\w*|emplead[oa]|agent\w*|agente|officer\w*|specialist\w*
    |spezialist\w*|specialiste\w*|especialista\w*|expert\w*|experte\w*|coordinator\w*|koordinator\w*|coordinat\w+
    |coordinador\w*|supervisor\w*|superviseu\w*|superintendent|foreman|capataz|encargad[oa]|polier|vorarbeiter\w*|meister
    |intern|internship|stagiaire\w*|stage|praktikant\w*|praktikum|practicas|becari[oa]|trainee\w*|alternant\w*|alternance
    |apprenti\w*|apprentice|auszubildende\w*|azubi|aprendiz|werkstudent\w*|freelance\w*|independant\w*|autonom[oa]|ceo|cto|cfo
    |coo|cmo|cio|founder|cofounder|fondateur\w*|fondatrice|grunder\w*|geschaftsfuhrer\w*|fundador\w*|president\w*|vp
    |vice president|partner|associate|associe|gerant\w*|gerente|owner|product owner|scrum master|redacteur\w*|redactrice
    |redakteur\w*|redactor\w*|editor\w*|writer|journalist\w*|periodista|traduct\w+|translator|ubersetzer\w*|traductor\w*
    |photograph\w*|fotograf\w*|recruit\w+|recruteu\w*|personalreferent\w*|charge\w*|gestionnaire\w*|gestor\w*|pilote\w*
    |planificat\w+|planner|planer\w*|cuisinier\w*|koch|kochin|cociner[oa]|cook|barista|serveu\w+|kellner\w*|camarer[oa]
    |waiter|waitress|barman|patissier\w*|boulanger\w*|backer\w*|panader[oa]|driver|chauffeur\w*|conducteur\w*|conductrice
    |fahrer\w*|\w+fahrer(?:in)?|conductor\w*|repartidor\w*|magasinier\w*|lagerist\w*|preparateur\w*|preparatrice|mozo
    |cariste\w*|juriste\w*|jurist\w*|avocat\w*|lawyer|abogad[oa]|anwalt|anwaltin|rechtsanwalt\w*|paralegal|notaire
    |tester\w*|testeu\w*|qa|devops|sysadmin|webmaster|webmestre|community manager|data scientist|statistician|actuaire
    |animat\w+|monitor\w*|coach|psycholog\w*|kinesitherapeute|physiotherapeut\w*|fisioterapeuta|sozialarbeiter\w*
    |cashier|caissi\w+|kassierer\w*|cajer[oa]|stylist\w*|coiffeu\w+|friseur\w*|peluquer[oa]|estheticien\w*|author|volunteer
    |creator|maintainer|contributor|member|membre|mitglied|tresorier\w*|benevole|voluntari[oa]|dessinat\w+|projeteur\w*
    |konstrukteur\w*|zeichner\w*|delineante|metteur|geometre|conservat\w+|bibliothecaire|hote|hotesse|steward\w*
    |superviser|dispatcher|disponent\w*|schlosser\w*|monteur\w*|instalador\w*|installateur\w*|maler\w*|peintre|pintor\w*
    |informatiker\w*|fachinformatiker\w*|systemadministrator\w*|integrat\w+|graduate|junior|senior|executive|fachangestellte\w*
    |\w+entwickler(?:in)?|\w+ingenieur(?:in)?|\w+fachmann|\w+fachfrau|fachmann|fachfrau|\w+assistent(?:in)?
    |\w+arbeiter(?:in)?|\w+manager(?:in)?|\w+analyst(?:in)?|\w+redakteur(?:in)?|\w+spezialist(?:in)?|\w+kraft
    |\w+administrator(?:in)?|\w+architekt(?:in)?|\w+verkaufer(?:in)?|\w+meister(?:in)?|\w+planer(?:in)?
    |\w+helfer(?:in)?|helfer|\w+schlosser|\w+monteur|\w+elektroniker(?:in)?|\w+designer(?:in)?|\w+forscher(?:in)?
    |\w+fuhrer(?:in)?|\w+beauftragter?|\w+referent(?:in)?|\w+assistenz|\w+koordinator(?:in)?|\w+experte
    |gardien\w*|guard|vigilante|hausmeister\w*|jardinier\w*|gartner\w*|jardiner[oa]
    )(?=\s|$)""",
    re.VERBOSE,
)
_COMPANY = re.compile(
    r"""(?:^|\s)(?:
    sa|sas|sasu|sarl|eurl|scop|gmbh|ag|kg|ohg|ug|mbh|se|co|inc|llc|ltd|limited|plc|corp|corporation|company|compagnie|group
    |groupe|gruppe|grupo|holding|s l|sl|slu|s a|s a s|s l u|bank|banque|banco|sparkasse|volksbank|assurance\w*|insurance
    |versicherung\w*|seguros|consulting|conseil|solutions|technolog\w+|systems|systemes|systeme|software|studio|studios
    |agency|agence|agentur|agencia|hotel|restaurant|hospital|hopital|chu|ch|clinique|clinic|clinica|klinik\w*|klinikum
    |krankenhaus|werke|werk|industries|industrie|industrial|logistik|logistics|logistique|transports|bau|construction
    |construcciones|mairie|ville de|ministere|ministry|stadt|ayuntamiento|laboratoires|laboratoire|labs|lab|partners
    |associates|services|cabinet|kanzlei|etablissements|ets|usine|fabrik|fils|sohne|hijos|freres|bruder|hermanos|bros
    |international|research|media|digital|pharma|energy|energie|energia|electronics|telecom|automotive|motors|foods
    |retail|supermarkt|supermarche|supermercado|startup|foundation|stiftung|fondation|fundacion|association|verein|ong|ngo
    |residencia|pflegeheim|seniorenheim|ehpad|residence|talleres|almacenes|tienda|distribucion|verlag|editions
    )(?=\s|$)""",
    re.VERBOSE,
)
_SCHOOL = re.compile(
    r"""(?:^|\s)(?:
    universit\w+|university|universidad\w*|univ|college|school|ecole\w*|schule|\w+schule|hochschule\w*|fachhochschule|fh
    |lycee|gymnasium|realschule|gesamtschule|institut\w*|instituto|iut|ens|insa|epfl|eth|ethz|hec|essec|escp|edhec|iae|cnam
    |polytech\w*|polytechnique|politecnic\w+|tu|lmu|rwth|kit|htw|haw|dhbw|academy|academie|akademie|academia|faculte|faculty
    |facultad|fakultat|escuela|colegio|ies|cfa|greta|afpa|ifsi|berufsschule|berufskolleg|ihk|handelskammer|handwerkskammer
    |sorbonne|mit|caltech|ucl|ucla|esade|iese|ie|upc|upm|ucm|uned|uab|centrale\w*|mines|supelec|epita|epitech|ecam|ensam
    |ensimag|enseeiht|isae|ensiame|esiee|efrei|ece|icam|utc|utt|utbm|esc|kedge|skema|neoma|audencia|berkeley|oxford
    |harvard|stanford|princeton|openclassrooms|coursera|udemy|le wagon|bootcamp|conservatoire|conservatorio|campus
    |kolleg|bildungszentrum|centro|centre de formation|volkshochschule|sciences po|institution
    )(?=\s|$)""",
    re.VERBOSE,
)
_REGION = re.compile(
    r"^(?:[A-Z]{2}|[A-Z]{2} \d{5}|ile de france|bretagne|normandie|occitanie|bayern|bavaria|hessen|sachsen|"
    r"baden wurttemberg|"
    r"nordrhein westfalen|nrw|catalunya|cataluna|andalucia|pais vasco|galicia|california|texas|massachusetts|england|"
    r"scotland|remote|teletravail|full remote|homeoffice|remoto|hybride?|hauts de france|grand est|nouvelle aquitaine|"
    r"auvergne rhone alpes|provence alpes cote d azur|paca|pays de la loire|comunidad de madrid|madrid|new york|"
    r"niedersachsen|"
    r"ontario|quebec|washington|illinois|florida)$",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"^(?:[A-Z]{1,2}-?)?\d{4,5}\s+(?=\D)|\s*\(?\b\d{4,5}\b\)?$|\s*\(\d{2,3}\)$")


@lru_cache(maxsize=1)
def _cities() -> frozenset[str]:
    """The towns of the list, folded."""
    text = (DATA / "cities.txt").read_text(encoding="utf-8")
    return frozenset(
        wording.folded(name)
        for line in text.splitlines()
        if not line.startswith("#")
        for name in line.split(";")
        if name.strip()
    )


@lru_cache(maxsize=8192)
def is_title(text: str) -> bool:
    """Whether `text` holds a word for an occupation."""
    return bool(_TITLE.search(wording.folded(text)))


@lru_cache(maxsize=8192)
def is_company(text: str) -> bool:
    """Whether `text` holds a word that employers have in their names."""
    return bool(_COMPANY.search(wording.folded(text)))


@lru_cache(maxsize=8192)
def is_school(text: str) -> bool:
    """Whether `text` holds a word that schools have in their names."""
    return bool(_SCHOOL.search(wording.folded(text)))


@lru_cache(maxsize=8192)
def is_degree(text: str) -> bool:
    """Whether `text` names a diploma."""
    return ladders.degree_level(text) is not None


def without_postcode(text: str) -> str:
    """A town without its postal code or department."""
    return _POSTCODE.sub("", text).strip(" ,()")


@lru_cache(maxsize=8192)
def is_city(text: str) -> bool:
    """Whether `text` is a town of the list, with or without its postal code."""
    return wording.folded(without_postcode(text)) in _cities()


@lru_cache(maxsize=8192)
def is_region(text: str) -> bool:
    """Whether `text` is a region, a state, a country or says remote."""
    bare = text.strip(" ()")
    return bool(_REGION.match(bare if bare.isupper() else wording.folded(bare))) or countries.code(bare) is not None


def is_place(text: str) -> bool:
    """Whether `text` is a town or a region, or a list of such."""
    parts = [part.strip() for part in re.split(r"[,/|()·•]|\s[-–]\s", text) if part.strip()]
    named = any(is_city(part) or (is_region(part) and len(part) > 2) for part in parts)
    return named and all(is_city(part) or is_region(part) for part in parts)

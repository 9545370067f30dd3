"""The headings of CVs in four languages, and the section each opens."""

import re
from enum import StrEnum
from functools import lru_cache

from fitmycv_admin.domain.cvs import wording


class Section(StrEnum):
    """What a heading announces."""

    CONTACT = "contact"
    SUMMARY = "summary"
    EXPERIENCE = "experience"
    EDUCATION = "education"
    SKILLS = "skills"
    TOOLS = "tools"
    METHODOLOGIES = "methodologies"
    SOFT_SKILLS = "soft_skills"
    LANGUAGES = "languages"
    PROJECTS = "projects"
    LINKS = "links"
    CERTIFICATION = "certification"
    AWARD = "award"
    PUBLICATION = "publication"
    VOLUNTEERING = "volunteering"
    INTEREST = "interest"
    LICENCE = "licence"
    REFERENCE = "reference"
    OTHER = "other"


_HEADINGS: dict[Section, str] = {
    Section.CONTACT: """contact; contacts; contact details; contact information; contact info; coordonnees;
        me contacter; kontakt; kontaktdaten; personliche daten; personliche angaben; contacto; datos personales;
        datos de contacto; personal details; personal information; informations personnelles; etat civil;
        informacion personal; zur person; personal data; address; adresse; informations; persoenliche daten""",
    Section.SUMMARY: """summary; profile; profil; about; about me; a propos; a propos de moi; professional summary;
        executive summary; career summary; objective; career objective; personal statement; resume;
        profil professionnel; presentation; accroche; resume professionnel; objectif; objectif professionnel;
        uber mich; ueber mich; kurzprofil; zusammenfassung; profil und ziele; perfil; perfil profesional;
        sobre mi; resumen; resumen profesional; extracto; acerca de mi; personal profile; who am i; qui suis je;
        summary of qualifications; introduction; berufliches profil; overview; objetivo; en bref; kurzvorstellung;
        objetivo profesional; presentacion; professional profile; mon profil; karriereziel""",
    Section.EXPERIENCE: """experience; experiences; work experience; professional experience; employment;
        employment history; work history; career history; career; relevant experience; job history;
        experience professionnelle; experiences professionnelles; parcours professionnel; parcours; emplois;
        mes experiences; historique professionnel; berufserfahrung; beruflicher werdegang; werdegang;
        berufliche erfahrung; berufspraxis; praxiserfahrung; berufliche laufbahn; praktische erfahrung; praktika;
        experiencia; experiencia profesional; experiencia laboral; trayectoria profesional; historial laboral;
        trayectoria; professional background; experience pro; stages et emplois; professional experiences;
        work; internships; stages; berufserfahrungen; berufliche stationen; carriere; empleo;
        experiences et stages; experiencias; experiencia de trabajo; professional history; positions held;
        parcours et experiences; erfahrung; erfahrungen; arbeitserfahrung; praktische erfahrungen""",
    Section.EDUCATION: """education; education and training; academic background; academic history; studies;
        qualifications; training; academic qualifications; formation; formations; etudes; diplomes;
        formation academique; parcours academique; parcours scolaire; diplomes et formations;
        formations et diplomes; formation et diplomes; formation initiale; scolarite; cursus; cursus academique;
        ausbildung; bildung; bildungsweg; studium; schulbildung; akademischer werdegang; bildungsgang;
        ausbildung und studium; studium und ausbildung; schule und studium; hochschulstudium; weiterbildung;
        aus und weiterbildung; schulische ausbildung; akademische ausbildung; ausbildungsweg;
        educacion; formacion; formacion academica; estudios; formacion y estudios; titulacion; titulaciones;
        educacion y formacion; formacion complementaria; academic education; degrees;
        education and qualifications; education et formation; formation continue; schulischer werdegang""",
    Section.SKILLS: """skills; technical skills; key skills; core skills; hard skills; competencies;
        core competencies; areas of expertise; expertise; technologies; tech stack; technical expertise;
        skills and tools; professional skills; competences; competences techniques; competences cles;
        savoir faire; mes competences; competences professionnelles; domaines de competences; competences metier;
        domaines d expertise; kenntnisse; fahigkeiten; faehigkeiten; fachkenntnisse; kompetenzen;
        it kenntnisse; edv kenntnisse; technische kenntnisse; fachkompetenzen; kenntnisse und fahigkeiten;
        technische fahigkeiten; fachliche kompetenzen; kernkompetenzen; besondere kenntnisse; qualifikationen;
        habilidades; competencias; habilidades tecnicas; competencias tecnicas; conocimientos;
        conocimientos tecnicos; aptitudes; destrezas; skills technologies; skills summary; competencias clave;
        competences et outils; skills and expertise; competences informatiques; informatique;
        informatica; conocimientos informaticos; computer skills; it skills; competencias profesionales;
        kenntnisse und kompetenzen; technical proficiencies; stack technique; technologies and skills;
        skills and technologies; competences fonctionnelles; technische kompetenzen""",
    Section.TOOLS: """tools; software; outils; logiciels; outils et logiciels; outils informatiques; werkzeuge;
        tools und software; programme; herramientas; tools and software; software and tools; programas;
        software kenntnisse; outils et technologies; tools and technologies; logiciels et outils; environnement;
        tools und technologien; technologien; tecnologias; environnement technique; herramientas y software;
        technical tools; langages et outils; software und tools""",
    Section.METHODOLOGIES: """methodologies; methods; methodes; methodologie; methoden; methodik; metodologias;
        metodos; methodology; methodes de travail; arbeitsmethoden; agile methods; methodologie et gestion""",
    Section.SOFT_SKILLS: """soft skills; qualites; savoir etre; competences comportementales; atouts;
        qualites personnelles; personliche starken; starken; soziale kompetenzen; soft skill;
        personliche eigenschaften; eigenschaften; habilidades blandas; competencias personales;
        habilidades personales; cualidades; strengths; personal skills; interpersonal skills; personal strengths;
        competences humaines; competences transversales; sozialkompetenz; habilidades interpersonales; aptitudes
        personales; personliche kompetenzen; fortalezas; competencias transversales; competences relationnelles""",
    Section.LANGUAGES: """languages; language skills; langues; langues etrangeres; langues parlees; sprachen;
        sprachkenntnisse; fremdsprachen; idiomas; lenguas; language; competences linguistiques; linguistic skills;
        sprachkompetenzen; competencias linguisticas; spoken languages; langue; sprache; idioma""",
    Section.PROJECTS: """projects; personal projects; key projects; selected projects; side projects; projets;
        projets personnels; realisations; projets realises; projekte; ausgewahlte projekte; eigene projekte;
        personliche projekte; proyectos; proyectos personales; proyectos destacados; projets professionnels;
        academic projects; projets academiques; open source; private projekte; projets cles; portfolio;
        open source contributions; projektarbeit; projets marquants; proyectos relevantes; notable projects""",
    Section.LINKS: """links; profiles; liens; profils; online profiles; reseaux; reseaux sociaux; enlaces;
        perfiles; websites; profile und links; social media; sur le web; online; redes sociales; web; sites web;
        social; internet; online profile""",
    Section.CERTIFICATION: """certifications; certification; certificates; licenses and certifications; courses;
        certificats; certifications et formations; zertifikate; zertifizierungen; zertifikate und kurse;
        certificaciones; certificados; cursos; cursos y certificados; cursos y certificaciones; kurse;
        certifications and courses; habilitations; trainings and certifications; certificates and courses;
        fortbildungen; weiterbildungen; weiterbildungen und zertifikate; licenses; certifications and licenses;
        formations complementaires; formations et certifications; zusatzqualifikationen; seminare""",
    Section.AWARD: """awards; honors; honors and awards; awards and honors; achievements; selected honors;
        prix; distinctions; prix et distinctions; recompenses; auszeichnungen; preise; premios; reconocimientos;
        key achievements; scholarships; premios y reconocimientos; stipendien; logros; erfolge""",
    Section.PUBLICATION: """publications; selected publications; publikationen; veroffentlichungen;
        publicaciones; papers; patents; talks; conferences; vortrage; articles; patentes; invited talks; brevets""",
    Section.VOLUNTEERING: """volunteering; volunteer; volunteer experience; volunteer work; benevolat;
        engagement associatif; vie associative; engagements; ehrenamt; ehrenamtliches engagement; engagement;
        voluntariado; community; associations; experience associative; activites associatives; soziales engagement;
        extracurricular activities; activites extra professionnelles; leadership and volunteering""",
    Section.INTEREST: """interests; hobbies; hobbies and interests; interests and hobbies; centres d interet;
        loisirs; centres d interets; interets; interessen; hobbys; hobbys und interessen; interessen und hobbys;
        freizeit; intereses; aficiones; pasatiempos; activites; loisirs et interets; passions; activities;
        personal interests; hobbies und interessen; intereses personales; activites et loisirs; divers loisirs""",
    Section.LICENCE: """driving licence; driving license; permis; permis de conduire; fuhrerschein;
        permiso de conducir; carne de conducir; mobilite; mobility; permis et mobilite; mobilitat""",
    Section.REFERENCE: "references; referenzen; referencias; referees; recommandations; recommendations; empfehlungen",
    Section.OTHER: """additional information; other; miscellaneous; divers; autres; informations complementaires;
        sonstiges; weitere informationen; weiteres; otros; otros datos; informacion adicional; additional;
        more; en plus; varios; disponibilite; availability; verfugbarkeit; disponibilidad; further information;
        autres informations; datos de interes; complements""",
}
_BY_WORDS = {wording.squeezed(words): section for section, text in _HEADINGS.items() for words in text.split(";")}
_NUMBERING = re.compile(r"^\s*(?:[0-9IVX]{1,3}[.)]\s+|[^\w(]+)", re.IGNORECASE)
_AND = re.compile(r"\s*(?:&|/|\+|,|\b(?:and|et|und|y|e)\b)\s*", re.IGNORECASE)
_LONGEST = 48


@lru_cache(maxsize=4096)
def section_of(text: str) -> Section | None:
    """The section that a line opens when it is nothing but a heading; "Skills & tools" opens the first."""
    bare = _NUMBERING.sub("", text.strip()).strip(" :–—-|•.·_")
    if not bare or len(bare) > _LONGEST:
        return None
    whole = _BY_WORDS.get(wording.squeezed(bare))
    if whole is not None:
        return whole
    parts = [_BY_WORDS.get(wording.squeezed(part)) for part in _AND.split(bare) if part.strip()]
    known = [part for part in parts if part is not None]
    return known[0] if len(parts) > 1 and len(known) == len(parts) else None
